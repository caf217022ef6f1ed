"""What things cost, by London day: every price there has been, and the rates that operators add."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock, MemoryDatabase
from notify_core.billing.change_rates import AddRate, InvalidRate, ends_on
from notify_core.billing.defaults import DEFAULT_TARIFF
from notify_core.billing.rates import LetterRate, NoRate, SmsRate, Tariff, cost_of
from notify_core.calendar import financial_year, london_date, london_midnight
from notify_core.notifications.model import Notification
from notify_core.notifications.status import NEVER_PRINTED, Status
from notify_core.vocabulary import Channel, KeyType, Postage


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "pounds"),
    [
        ("2016-05-18T12:00:00", "0.0165"),
        ("2017-03-31T22:59:59", "0.0165"),
        ("2017-03-31T23:00:00", "0.0158"),
        ("2021-03-31T22:59:59", "0.0158"),
        ("2021-03-31T23:00:00", "0.0160"),
        ("2022-03-31T23:00:00", "0.0161"),
        ("2022-04-30T22:59:59", "0.0161"),
        ("2022-04-30T23:00:00", "0.0172"),
        ("2023-03-31T23:00:00", "0.0197"),
        ("2024-03-31T23:00:00", "0.0227"),
        ("2025-03-31T23:00:00", "0.0233"),
        ("2026-03-31T22:59:59", "0.0233"),
        ("2026-03-31T23:00:00", "0.024"),
        ("2026-11-21T12:00:00", "0.024"),
    ],
)
def test_what_a_fragment_costs(moment: str, pounds: str) -> None:
    assert DEFAULT_TARIFF.of_text_at(at(moment)) == Decimal(pounds)
    assert DEFAULT_TARIFF.of_text(london_date(at(moment))) == Decimal(pounds)


SINCE = [
    ("economy", "2026-06-30T23", "0.638 0.684 0.724 0.779 0.823"),
    ("economy", "2026-01-05T00", "0.64 0.69 0.73 0.78 0.82"),
    ("economy", "2025-03-31T23", "0.59 0.64 0.68 0.73 0.78"),
    ("second", "2026-01-05T00", "0.73 0.77 0.82 0.87 0.91"),
    ("second", "2025-03-31T23", "0.68 0.72 0.77 0.82 0.86"),
    ("first", "2026-04-06T23", "1.56 1.61 1.66 1.71 1.76"),
    ("first", "2025-03-31T23", "1.49 1.53 1.57 1.63 1.67"),
    *((zone, "2026-05-02T23", "1.80 1.84 1.88 1.92 1.96") for zone in ("europe", "rest-of-world")),
    *((zone, "2026-01-05T00", "1.72 1.77 1.82 1.85 1.90") for zone in ("europe", "rest-of-world")),
    *((zone, "2025-02-06T00", "1.56 1.61 1.66 1.71 1.76") for zone in ("europe", "rest-of-world")),
]


@pytest.mark.parametrize(("postage", "since", "pounds"), SINCE)
def test_what_a_letter_costs_from_a_moment_on(postage: str, since: str, pounds: str) -> None:
    for sheets, rate in enumerate(pounds.split(), start=1):
        assert DEFAULT_TARIFF.of_letter_at(at(since), Postage(postage), sheets) == Decimal(rate)
        before = DEFAULT_TARIFF.of_letter_at(at(since) - timedelta(seconds=1), Postage(postage), sheets)
        assert before != Decimal(rate)
        assert DEFAULT_TARIFF.of_letter(london_date(at(since)), Postage(postage), sheets) == Decimal(rate)


@pytest.mark.parametrize(
    ("sheets", "postage", "day", "message"),
    [
        (6, Postage.FIRST, date(2026, 11, 21), "letters of postage first with 6 sheets on 2026-11-21: add one"),
        (1, Postage.SECOND, date(2025, 3, 31), "letters of postage second with 1 sheet on 2025-03-31: add one"),
        (2, None, date(2026, 11, 21), "letters without postage with 2 sheets on 2026-11-21: add one"),
    ],
)
def test_a_missing_rate_of_letters_is_an_error(sheets: int, postage: Postage | None, day: date, message: str) -> None:
    with pytest.raises(NoRate, match=message):
        DEFAULT_TARIFF.of_letter(day, postage, sheets)


def test_a_missing_rate_of_texts_is_an_error() -> None:
    with pytest.raises(NoRate, match="There is no rate for texts on 2016-05-17: add one that holds from that day"):
        DEFAULT_TARIFF.of_text(date(2016, 5, 17))


def test_a_letter_without_sheets_costs_nothing_on_any_day() -> None:
    assert DEFAULT_TARIFF.of_letter(date(1999, 1, 1), None, 0) == 0


@pytest.mark.parametrize(
    ("moment", "year"),
    [
        ("2018-03-31T23:00:00", 2018),
        ("2018-03-31T22:59:59", 2017),
        ("2019-03-31T22:59:59", 2018),
        ("2019-03-31T23:00:00", 2019),
    ],
)
def test_financial_years_begin_in_london(moment: str, year: int) -> None:
    assert financial_year(london_date(at(moment))) == year


LETTER = Notification(
    id=UUID(int=1),
    service_id=UUID(int=2),
    template_id=UUID(int=3),
    template_version=1,
    channel=Channel.LETTER,
    key_type=KeyType.NORMAL,
    api_key_id=None,
    created_at=at("2026-11-21T12:00:00"),
    expires_on=date(2026, 11, 29),
    status=Status.SENDING,
    billable_units=2,
    postage=Postage.SECOND,
)


def test_what_a_letter_cost() -> None:
    cost = cost_of(LETTER, DEFAULT_TARIFF)
    assert (cost.ready, cost.pounds) == (True, Decimal("0.77"))
    assert cost.details == {"billable_sheets_of_paper": 2, "postage": "second"}


@pytest.mark.parametrize("status", sorted(NEVER_PRINTED))
def test_a_letter_that_was_never_printed_costs_nothing(status: Status) -> None:
    cost = cost_of(evolve(LETTER, status=status, postage=Postage.EUROPE), DEFAULT_TARIFF)
    assert (cost.ready, cost.pounds) == (True, Decimal(0))
    assert cost.details == {"billable_sheets_of_paper": 0, "postage": "europe"}


def test_a_letter_of_a_test_key_costs_nothing_at_once() -> None:
    cost = cost_of(evolve(LETTER, status=Status.DELIVERED, billable_units=0), DEFAULT_TARIFF)
    assert (cost.ready, cost.pounds) == (True, Decimal(0))
    assert cost.details["billable_sheets_of_paper"] == 0


@pytest.mark.parametrize(
    "waiting",
    [
        evolve(LETTER, status=Status.PENDING_VIRUS_CHECK),
        evolve(LETTER, status=Status.CREATED, billable_units=0),
        evolve(LETTER, billable_units=6),
        evolve(LETTER, created_at=at("2020-01-01T00:00:00")),
        evolve(LETTER, channel=Channel.SMS, status=Status.CREATED, billable_units=0),
        evolve(LETTER, channel=Channel.SMS, created_at=at("2016-01-01T00:00:00")),
    ],
)
def test_what_cannot_be_priced_is_not_ready(waiting: Notification) -> None:
    cost = cost_of(waiting, DEFAULT_TARIFF)
    assert (cost.ready, cost.pounds, cost.details) == (False, None, {})


def test_a_text_costs_what_holds_on_its_london_day() -> None:
    """In summer London's day begins an hour before UTC's, and so does its rate."""
    text = evolve(LETTER, channel=Channel.SMS, billable_units=3, rate_multiplier=2)
    last = cost_of(evolve(text, created_at=at("2026-03-31T22:59:59")), DEFAULT_TARIFF)
    first = cost_of(evolve(text, created_at=at("2026-03-31T23:00:00")), DEFAULT_TARIFF)
    assert (last.pounds, first.pounds) == (6 * Decimal("0.0233"), 6 * Decimal("0.024"))


TODAY = date(2026, 11, 21)
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def add(clock: FixedClock) -> AddRate:
    return AddRate(MemoryDatabase(clock), clock)


def letter_rate(**more: object) -> LetterRate:
    return evolve(
        LetterRate(postage=Postage.FIRST, sheets=1, valid_from=TOMORROW, pounds=Decimal("1.99")),
        **more,  # type: ignore[arg-type]  # of the fields' own types
    )


def test_an_added_rate_holds_from_its_day_and_ends_the_one_before(add: AddRate) -> None:
    new = letter_rate()
    tariff = add(new)
    assert tariff.of_letter(TOMORROW, Postage.FIRST, 1) == Decimal("1.99")
    assert tariff.of_letter(TODAY, Postage.FIRST, 1) == Decimal("1.56")
    assert tariff.of_letter(TOMORROW, Postage.FIRST, 2) == Decimal("1.61")
    [before] = [one for one in tariff.letters if ends_on(one, tariff) == TOMORROW]
    assert (before.postage, before.sheets, before.pounds) == (Postage.FIRST, 1, Decimal("1.56"))
    assert ends_on(new, tariff) is None
    assert add(new) == tariff


def test_an_added_rate_of_texts(add: AddRate) -> None:
    tariff = add(SmsRate(valid_from=TOMORROW, pounds=Decimal("0.03")))
    assert (tariff.of_text(TODAY), tariff.of_text(TOMORROW)) == (Decimal("0.024"), Decimal("0.03"))
    assert tariff.of_text_at(london_midnight(TOMORROW) - timedelta(microseconds=1)) == Decimal("0.024")


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        (SmsRate(valid_from=TOMORROW, pounds=Decimal(0)), "pounds: 0 is not more than 0"),
        (SmsRate(valid_from=TOMORROW, pounds=Decimal("-0.02")), "pounds: -0.02 is not more than 0"),
        (SmsRate(valid_from=TOMORROW, pounds=Decimal("NaN")), "pounds: NaN is not"),
        (SmsRate(valid_from=TOMORROW, pounds=Decimal("Infinity")), "pounds: Infinity is not"),
        (SmsRate(valid_from=TOMORROW, pounds=Decimal(100)), "pounds: 100 is not"),
        (SmsRate(valid_from=TOMORROW, pounds=Decimal("0.024001")), "pounds: 0.024001 has more than 5 decimals"),
        (SmsRate(valid_from=date(2206, 4, 1), pounds=Decimal("0.02")), "from: 2206-04-01 is more than two years"),
        (SmsRate(valid_from=TODAY, pounds=Decimal("0.02")), "from: 2026-11-21 has begun"),
        (SmsRate(valid_from=date(2020, 1, 1), pounds=Decimal("0.02")), "from: 2020-01-01 has begun"),
        (letter_rate(sheets=0), "sheets: 0 is not from 1 to 5"),
        (letter_rate(sheets=6), "sheets: 6 is not from 1 to 5"),
    ],
)
def test_nonsense_is_refused(add: AddRate, rate: SmsRate | LetterRate, message: str) -> None:
    with pytest.raises(InvalidRate, match=message):
        add(rate)
    with add.database.statement() as work:
        assert work.billing.tariff() == DEFAULT_TARIFF_AS_STORED


def test_only_a_correction_takes_the_place_of_another(add: AddRate) -> None:
    add(letter_rate())
    wrong = letter_rate(pounds=Decimal("2.99"))
    with pytest.raises(
        InvalidRate, match=r"from: there is a rate from 2026-11-22 already, 1\.99 pounds; give another"
    ):
        add(wrong)
    assert add(wrong, correct=True).of_letter(TOMORROW, Postage.FIRST, 1) == Decimal("2.99")


def test_a_correction_may_change_what_has_been_charged(add: AddRate) -> None:
    day = date(2020, 1, 1)
    tariff = add(SmsRate(valid_from=day, pounds=Decimal("0.02")), correct=True)
    assert (tariff.of_text(day - timedelta(days=1)), tariff.of_text(day)) == (Decimal("0.0158"), Decimal("0.02"))
    assert tariff.of_text(date(2021, 4, 1)) == Decimal("0.0160")


DEFAULT_TARIFF_AS_STORED = Tariff(
    texts=DEFAULT_TARIFF.texts,
    letters=tuple(sorted(DEFAULT_TARIFF.letters, key=lambda rate: (rate.postage, rate.sheets, rate.valid_from))),
)
