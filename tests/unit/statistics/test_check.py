from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from attrs import evolve
from structlog.testing import capture_logs

from notify_adapters.logging import StructuredCheckLog
from notify_core.inbound.model import InboundNumber
from notify_core.notifications.status import Status
from notify_core.statistics.check import CheckLog, Concern, InboundNumbers, ServiceConcern
from notify_core.statistics.model import TextsOfService
from notify_core.vocabulary import ProviderName
from tests.unit.conftest import Town


class Heard(CheckLog):
    def __init__(self) -> None:
        self.told: list[object] = []

    def service(self, found: ServiceConcern) -> None:
        self.told.append(found)

    def inbound_numbers_are_low(self, numbers: InboundNumbers) -> None:
        self.told.append(numbers)


def texts(town: Town, count: int, failed: int, number: str = "07123 456789") -> None:
    """Store so many texts, some of which have failed for good."""
    for index in range(count):
        sent = town.text(number)
        if index < failed:
            with town.platform.database.statement() as work:
                facts = work.notifications.find_for_receipt(notification_id=sent.id)
                assert facts is not None
                work.notifications.save(evolve(facts, status=Status.PERMANENT_FAILURE))


@pytest.mark.parametrize(
    ("count", "failed", "found"), [(8, 2, True), (9, 2, False), (7, 7, False), (8, 8, True), (12, 3, True)]
)
def test_a_high_failure_rate_is_told(
    town: Town, monkeypatch: pytest.MonkeyPatch, count: int, failed: int, found: bool
) -> None:
    monkeypatch.setattr("notify_core.statistics.check.ENOUGH_TEXTS", 8)
    texts(town, count, failed)
    town.clock.advance(timedelta(minutes=1))
    heard = Heard()
    told = evolve(town.platform.notify.check_services, log=heard)()
    assert told == heard.told
    assert [(one.concern, one.texts.service_id, one.failure_rate) for one in told] == [
        (Concern.HIGH_FAILURE_RATE, town.service.id, failed / count)
    ] * found
    town.clock.advance(timedelta(hours=24))
    assert town.platform.notify.check_services() == []


@pytest.mark.parametrize(("count", "found"), [(3, False), (4, True)])
def test_many_texts_to_numbers_for_drama_are_told(
    town: Town, monkeypatch: pytest.MonkeyPatch, count: int, found: bool
) -> None:
    monkeypatch.setattr("notify_core.statistics.check.MANY_TV_TEXTS", 3)
    texts(town, count, 0, "07700 900123")
    texts(town, 5, 0)
    town.clock.advance(timedelta(minutes=1))
    told = town.platform.notify.check_services()
    assert [(one.concern, one.texts.texts, one.failure_rate) for one in told] == [
        (Concern.TEXTS_TO_TV_NUMBERS, count, None)
    ] * found


@pytest.mark.parametrize(("numbers", "low"), [(0, True), (2, True), (3, False)])
def test_numbers_running_out_are_told(town: Town, numbers: int, low: bool) -> None:
    with town.platform.database.statement() as work:
        for number in range(numbers):
            work.inbound.add_number(
                InboundNumber(id=UUID(int=number), number=f"0770090000{number}", provider=ProviderName.MMG)
            )
    heard = Heard()
    found = evolve(town.platform.notify.check_inbound_numbers, threshold=2, log=heard)()
    assert found == InboundNumbers(available=numbers, threshold=2)
    assert (found.are_low, heard.told) == (low, [found] * low)


def test_what_is_found_is_written_as_errors_without_names() -> None:
    service = TextsOfService(service_id=UUID(int=5), service_name="Bins", texts=20_000, permanent_failures=9_000)
    log = StructuredCheckLog()
    with capture_logs() as written:
        log.service(ServiceConcern(Concern.HIGH_FAILURE_RATE, service))
        log.service(ServiceConcern(Concern.TEXTS_TO_TV_NUMBERS, service))
        log.inbound_numbers_are_low(InboundNumbers(available=7, threshold=50))
    about = {"service_id": str(service.service_id), "texts": 20_000, "log_level": "error"}
    assert written == [
        about | {"event": "service with a high failure rate", "permanent_failures": 9_000},
        about | {"event": "service sends texts to numbers for drama"},
        {
            "event": "numbers that people can text run out",
            "available": 7,
            "threshold": 50,
            "log_level": "error",
        },
    ]
