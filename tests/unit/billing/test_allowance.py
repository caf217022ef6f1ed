"""How many fragments are free: every default there has been, and what comes before it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from notify_adapters.memory import FixedClock, MemoryPlatform
from notify_core.billing.allowance import Allowance, Grounds, InvalidAllowance, InvalidYear, allowance_on
from notify_core.errors import NotFound
from notify_core.services.create import NewService
from notify_core.services.model import OrganisationType, Service
from notify_core.worlds.read import read_world
from tests.unit.conftest import Town

SERVICE = UUID(int=1)
YEARS = tuple(range(2016, 2028))
LARGE = (250_000,) * 5 + (150_000, 40_000, 40_000, 30_000, 30_000, 20_000, 20_000)
MIDDLE = (25_000,) * 6 + (20_000, 20_000, 10_000, 10_000, 10_000, 10_000)
SMALL = (25_000,) * 5 + (10_000, 10_000, 10_000, 5_000, 5_000, 5_000, 5_000)
BY_TYPE = {
    "central": LARGE,
    "nhs_central": LARGE,
    "local": MIDDLE,
    "nhs_local": MIDDLE,
    "emergency_service": MIDDLE,
    "school_or_college": SMALL,
    "other": SMALL,
    None: SMALL,
    "nhs_gp": (25_000,) * 5 + (10_000,) * 3 + (0,) * 4,
    "nhs_notify": (0,) * 12,
}


def make(platform: MemoryPlatform, kind: str | None, name: str = "Bins") -> Service:
    wanted = None if kind is None else OrganisationType(kind)
    return platform.notify.create_service(NewService(name=name, organisation_type=wanted))


@pytest.mark.parametrize("kind", BY_TYPE)
def test_the_default_of_each_type_in_each_year(platform: MemoryPlatform, clock: FixedClock, kind: str | None) -> None:
    clock.now = datetime(2027, 4, 1, tzinfo=UTC)
    service = make(platform, kind)
    found = [platform.notify.find_allowance(service.id, year) for year in YEARS]
    assert tuple(one.fragments for one in found) == BY_TYPE[kind]
    assert not any(one.custom or one.high_volume for one in found)


def test_a_service_is_made_with_its_allowance(town: Town) -> None:
    with town.platform.database.statement() as work:
        assert work.billing.find_allowance(town.service.id, 2026) == Allowance(
            service_id=town.service.id, year=2026, fragments=5_000
        )


@pytest.mark.parametrize(
    ("grounds", "allowance"),
    [
        ({}, {"fragments": 5_000}),
        ({"sent_before": 299_999}, {"fragments": 5_000}),
        ({"sent_before": 300_000}, {"fragments": 0, "high_volume": True}),
        ({"custom_before": 0}, {"fragments": 0, "custom": True}),
        ({"custom_before": 9_000}, {"fragments": 9_000, "custom": True}),
        ({"custom_before": 9_000, "sent_before": 300_000}, {"fragments": 0, "high_volume": True}),
    ],
)
def test_what_decides(grounds: dict[str, int], allowance: dict[str, int]) -> None:
    assert allowance_on(Grounds(service_id=SERVICE, year=2026, default=5_000, **grounds)) == Allowance(
        service_id=SERVICE,
        year=2026,
        **allowance,  # type: ignore[arg-type]  # numbers and flags, by their fields
    )


@pytest.mark.parametrize(
    ("year", "message"),
    [(2015, "year_start before 2016 is invalid"), (2027, "year_start cannot be in a future financial year")],
)
def test_years_without_allowances(town: Town, year: int, message: str) -> None:
    for ask in (town.platform.notify.find_allowance, town.platform.notify.show_usage):
        with pytest.raises(InvalidYear, match=message):
            ask(town.service.id, year)


def test_a_decision_is_carried_over_until_it_is_the_default_again(town: Town, clock: FixedClock) -> None:
    notify = town.platform.notify
    decided = notify.set_allowance(town.service.id, 123)
    assert (decided.fragments, decided.custom) == (123, True)
    clock.now = datetime(2027, 4, 1, 1, tzinfo=UTC)
    assert notify.populate_annual_billing() == 1
    assert notify.populate_annual_billing() == 0
    assert notify.find_allowance(town.service.id) == Allowance(
        service_id=town.service.id, year=2027, fragments=123, custom=True
    )
    assert not notify.set_allowance(town.service.id, 5_000).custom
    clock.now = datetime(2028, 4, 1, 1, tzinfo=UTC)
    assert notify.find_allowance(town.service.id) == Allowance(service_id=town.service.id, year=2028, fragments=5_000)


@pytest.mark.parametrize("fragments", [-1, 2_000_000_001])
def test_impossible_allowances_are_refused(town: Town, fragments: int) -> None:
    with pytest.raises(InvalidAllowance, match=f"fragments: {fragments} is not from 0"):
        town.platform.notify.set_allowance(town.service.id, fragments)


def test_a_stranger_has_none(town: Town) -> None:
    notify = town.platform.notify
    with pytest.raises(NotFound):
        notify.find_allowance(SERVICE)
    with pytest.raises(NotFound):
        notify.set_allowance(SERVICE, 1)
    with pytest.raises(NotFound):
        notify.show_usage(SERVICE)
    with pytest.raises(NotFound):
        notify.list_facts(SERVICE, date(2026, 11, 20))


def test_archived_services_get_none_on_1_april(platform: MemoryPlatform, clock: FixedClock) -> None:
    live, gone = make(platform, "local"), make(platform, "local", "Gone")
    platform.notify.archive_service(gone.id)
    clock.now = datetime(2027, 3, 31, 23, tzinfo=UTC)
    assert platform.notify.populate_annual_billing() == 1
    with platform.database.statement() as work:
        assert work.billing.find_allowance(live.id, 2027) is not None
        assert work.billing.find_allowance(gone.id, 2027) is None


def test_a_world_decides_on_the_type_and_changes_it(platform: MemoryPlatform) -> None:
    def apply(kind: str | None) -> int:
        service = {"name": "Bins"} | ({} if kind is None else {"organisation_type": kind})
        applied = platform.notify.apply_world(read_world({"services": [service]}))
        assert applied.conflicts == ()
        service_id = applied.services["Bins"].id
        assert service_id is not None
        return platform.notify.find_allowance(service_id).fragments

    assert apply("central") == 20_000
    assert apply(None) == 20_000
    assert apply("nhs_gp") == 0
