"""What a service used in a financial year, and what that costs.

Texts are free until the allowance is used up, day after day; within a day all fragments cost the same, so that it
does not matter which of them came first. Letters cost what each of them costs, emails nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from attrs import evolve, frozen

from notify_core.billing.model import DayUsage
from notify_core.billing.rates import Tariff
from notify_core.vocabulary import Channel, Postage

_NOTHING = Decimal(0)


@frozen(kw_only=True)
class UsageLine:
    """What was sent at one rate (pounds, for a chargeable unit) and what it costs (pounds).

    Chargeable units are fragments of texts, each times the multiplier of its country, or letters. Of these
    `free_allowance_used` cost nothing and `charged_units` are paid for. `day` is the first of the days that the line
    is about: a day, a month, or a year. Lines about a year have no `postage`.
    """

    day: date
    channel: Channel
    postage: Postage | None
    rate: Decimal
    chargeable_units: int
    notifications_sent: int
    free_allowance_used: int
    charged_units: int
    cost: Decimal


def priced(days: Iterable[DayUsage], tariff: Tariff, free_fragments: int) -> list[UsageLine]:
    """Return a line for each, in the order of their days. They are those of one service and one financial year.

    Raises NoRate where it is not known what something cost.
    """
    remaining = free_fragments
    lines = []
    for sent in sorted(days, key=lambda sent: sent.day):
        line = _at_full_price(sent, tariff)
        if sent.channel is Channel.SMS:
            free = min(remaining, sent.chargeable_units)
            remaining -= free
            charged = sent.chargeable_units - free
            line = evolve(line, free_allowance_used=free, charged_units=charged, cost=charged * line.rate)
        lines.append(line)
    return lines


def _at_full_price(sent: DayUsage, tariff: Tariff) -> UsageLine:
    rate, units = _NOTHING, 0
    if sent.channel is Channel.SMS:
        rate, units = tariff.of_text(sent.day), sent.chargeable_units
    elif sent.channel is Channel.LETTER:
        rate, units = tariff.of_letter(sent.day, sent.postage, sent.sheets), sent.notifications_sent
    return UsageLine(
        day=sent.day,
        channel=sent.channel,
        postage=sent.postage,
        rate=rate,
        chargeable_units=units,
        notifications_sent=sent.notifications_sent,
        free_allowance_used=0,
        charged_units=units,
        cost=units * rate,
    )


def by_year(lines: Iterable[UsageLine], first: date) -> tuple[UsageLine, ...]:
    """Add up a year that begins on `first`: a line for each channel and rate, in that order."""
    return _added_up(
        (evolve(line, day=first, postage=None) for line in lines), key=lambda line: (line.channel, line.rate)
    )


def by_month(lines: Iterable[UsageLine]) -> tuple[UsageLine, ...]:
    """Add up months: a line for each month, channel, rate and postage, in that order. Emails are left out."""
    return _added_up(
        (evolve(line, day=line.day.replace(day=1)) for line in lines if line.channel is not Channel.EMAIL),
        key=lambda line: (line.day, line.channel, line.rate, line.postage or ""),
    )


def _added_up(lines: Iterable[UsageLine], key: Callable[[UsageLine], Any]) -> tuple[UsageLine, ...]:
    in_order = sorted(lines, key=key)
    return tuple(_sum(list(alike)) for _, alike in groupby(in_order, key))


def _sum(lines: list[UsageLine]) -> UsageLine:
    return evolve(
        lines[0],
        chargeable_units=sum(line.chargeable_units for line in lines),
        notifications_sent=sum(line.notifications_sent for line in lines),
        free_allowance_used=sum(line.free_allowance_used for line in lines),
        charged_units=sum(line.charged_units for line in lines),
        cost=sum((line.cost for line in lines), _NOTHING),
    )
