"""What a year costs: the allowance is used up day after day, and money is added up exactly."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from notify_core.billing.model import DayUsage
from notify_core.billing.rates import LetterRate, SmsRate, Tariff
from notify_core.billing.usage import UsageLine, by_month, by_year, priced
from notify_core.vocabulary import Channel, Postage

FIRST = date(2026, 4, 1)
TARIFF = Tariff(
    texts=(
        SmsRate(valid_from=FIRST, pounds=Decimal("0.162")),
        SmsRate(valid_from=date(2026, 4, 2), pounds=Decimal("0.015")),
        SmsRate(valid_from=date(2026, 10, 25), pounds=Decimal("0.0233")),
    ),
    letters=tuple(
        LetterRate(postage=postage, sheets=sheets, valid_from=FIRST, pounds=Decimal(sheets) / 4)
        for postage in Postage
        for sheets in (1, 2)
    ),
)


def sms(day: date, units: int, sent: int = 1) -> DayUsage:
    return DayUsage(
        day=day, channel=Channel.SMS, postage=None, sheets=0, chargeable_units=units, notifications_sent=sent
    )


def email(day: date, sent: int) -> DayUsage:
    return DayUsage(
        day=day, channel=Channel.EMAIL, postage=None, sheets=0, chargeable_units=0, notifications_sent=sent
    )


def letter(day: date, postage: Postage, sheets: int, sent: int) -> DayUsage:
    return DayUsage(
        day=day,
        channel=Channel.LETTER,
        postage=postage,
        sheets=sheets,
        chargeable_units=sent,
        notifications_sent=sent,
    )


def figures(line: UsageLine) -> tuple[int, int, int, str]:
    return line.chargeable_units, line.free_allowance_used, line.charged_units, str(line.cost)


def test_the_allowance_is_used_up_in_the_order_of_days() -> None:
    days = [sms(date(2026, 4, 2), 4), sms(FIRST, 5)]
    first, second = priced(days, TARIFF, 6)
    assert figures(first) == (5, 5, 0, "0.000")
    assert figures(second) == (4, 1, 3, "0.045")


def test_an_october_day() -> None:
    tariff = Tariff(texts=(SmsRate(valid_from=FIRST, pounds=Decimal("0.024")),), letters=())
    [line] = by_year(priced([sms(date(2026, 10, 7), 30_000)], tariff, 20_000), FIRST)
    assert (line.chargeable_units, line.free_allowance_used, line.charged_units) == (30_000, 20_000, 10_000)
    assert line.cost == 240


def test_a_year_is_told_by_channel_and_rate() -> None:
    days = [
        sms(FIRST, 5, 2),
        sms(date(2026, 4, 2), 4, 3),
        sms(date(2026, 5, 2), 1, 1),
        email(FIRST, 7),
        email(date(2026, 5, 1), 1),
        letter(FIRST, Postage.SECOND, 2, 3),
        letter(date(2026, 5, 1), Postage.FIRST, 2, 1),
        letter(FIRST, Postage.FIRST, 1, 1),
    ]
    yearly = by_year(priced(days, TARIFF, 6), FIRST)
    assert [(line.channel, str(line.rate), line.notifications_sent, *figures(line)) for line in yearly] == [
        ("email", "0", 8, 0, 0, 0, "0"),
        ("letter", "0.25", 1, 1, 0, 1, "0.25"),
        ("letter", "0.5", 4, 4, 0, 4, "2.0"),
        ("sms", "0.015", 4, 5, 1, 4, "0.060"),
        ("sms", "0.162", 2, 5, 5, 0, "0.000"),
    ]
    assert {line.postage for line in yearly} == {None}


def test_a_month_is_told_by_channel_rate_and_postage_without_emails() -> None:
    days = [
        letter(date(2026, 5, 31), Postage.SECOND, 2, 3),
        letter(date(2026, 5, 1), Postage.FIRST, 2, 1),
        sms(date(2027, 1, 1), 2),
        sms(date(2026, 5, 1), 1),
        sms(date(2026, 5, 31), 1),
        email(date(2026, 5, 1), 1),
    ]
    monthly = by_month(priced(days, TARIFF, 1))
    assert [(f"{line.day:%B}", line.channel, line.postage, *figures(line)) for line in monthly] == [
        ("May", "letter", Postage.FIRST, 1, 0, 1, "0.5"),
        ("May", "letter", Postage.SECOND, 3, 0, 3, "1.5"),
        ("May", "sms", None, 2, 1, 1, "0.015"),
        ("January", "sms", None, 2, 0, 2, "0.0466"),
    ]


days_of_year = st.integers(0, 364).map(lambda number: FIRST + timedelta(days=number))
sent = st.one_of(
    st.builds(sms, days_of_year, st.integers(0, 50), st.integers(1, 50)),
    st.builds(email, days_of_year, st.integers(1, 50)),
    st.builds(letter, days_of_year, st.sampled_from(Postage), st.integers(0, 2), st.integers(1, 50)),
)


@given(st.lists(sent, max_size=30), st.integers(0, 300))
def test_years_and_months_agree_with_counting_fragment_by_fragment(days: list[DayUsage], free: int) -> None:
    lines = priced(days, TARIFF, free)
    fragments = [
        day.day
        for day in sorted(days, key=lambda day: day.day)
        for _ in range(day.chargeable_units)
        if day.channel is Channel.SMS
    ]
    expected = sum((TARIFF.of_text(day) for day in fragments[free:]), Decimal(0))
    letters = [day for day in days if day.channel is Channel.LETTER]
    for_letters = sum(
        (TARIFF.of_letter(day.day, day.postage, day.sheets) * day.notifications_sent for day in letters), Decimal(0)
    )
    for told in (by_year(lines, FIRST), by_month(lines)):
        assert sum(line.cost for line in told) == expected + for_letters
        assert sum(line.free_allowance_used for line in told) == min(free, len(fragments))
        assert sum(line.charged_units for line in told if line.channel is Channel.SMS) == max(
            len(fragments) - free, 0
        )
        assert all(line.cost == line.charged_units * line.rate for line in told)
        assert all(line.chargeable_units == line.free_allowance_used + line.charged_units for line in told)
        assert sum(line.notifications_sent for line in told if line.channel is not Channel.EMAIL) == sum(
            day.notifications_sent for day in days if day.channel is not Channel.EMAIL
        )
