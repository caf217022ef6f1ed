"""Rates, allowances and the days' facts in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from attrs import evolve

from notify_adapters.memory.accounts import MemoryServices
from notify_adapters.memory.table import Table
from notify_core.billing.allowance import Allowance, Grounds
from notify_core.billing.defaults import DEFAULT_ALLOWANCES, DEFAULT_TARIFF
from notify_core.billing.model import UNKNOWN_PROVIDER, DayUsage, Fact
from notify_core.billing.rates import LetterRate, SmsRate, Tariff
from notify_core.calendar import days_of_financial_year, london_date
from notify_core.notifications.model import Message, Notification
from notify_core.notifications.status import BILLABLE
from notify_core.notifications.window import Window
from notify_core.services.model import OrganisationType
from notify_core.vocabulary import Channel, KeyType, Postage, ProviderName

_Counted = TypeVar("_Counted", Fact, DayUsage)
RateKey = tuple[Postage | None, int, date]


class MemoryBilling:
    """Implements `BillingRepository`."""

    def __init__(
        self,
        rates: Table[RateKey, SmsRate | LetterRate],
        allowances: Table[tuple[UUID, int], Allowance],
        days: Table[date, tuple[Fact, ...]],
        services: MemoryServices,
        messages: Table[UUID, Message],
    ) -> None:
        self._rates = rates
        self._allowances = allowances
        self._days = days
        self._services = services
        self._messages = messages
        for rate in DEFAULT_TARIFF.texts:
            self.put_rate(rate)
        for letter_rate in DEFAULT_TARIFF.letters:
            self.put_rate(letter_rate)

    def tariff(self) -> Tariff:
        """Return all rates."""
        texts = (rate for rate in self._rates.rows() if isinstance(rate, SmsRate))
        letters = (rate for rate in self._rates.rows() if isinstance(rate, LetterRate))
        return Tariff(
            texts=tuple(sorted(texts, key=lambda rate: rate.valid_from)),
            letters=tuple(sorted(letters, key=lambda rate: (rate.postage, rate.sheets, rate.valid_from))),
        )

    def put_rate(self, rate: SmsRate | LetterRate) -> None:
        """Store a rate."""
        kind = (rate.postage, rate.sheets) if isinstance(rate, LetterRate) else (None, 0)
        self._rates.put((*kind, rate.valid_from), rate)

    def replace_day(self, day: date) -> int:
        """Count the day's messages, and put what comes of it in the place of what was stored of the day."""
        facts = _added_up(map(_fact, self._billable(Window.of_day(day))), ("billable_units", "notifications_sent"))
        self._days.put(day, tuple(facts))
        return len(facts)

    def list_facts(self, service_id: UUID, day: date) -> list[Fact]:
        """Return what is stored of a service's day."""
        found = (fact for fact in self._days.get(day) or () if fact.service_id == service_id)
        return sorted(found, key=_in_order_of_kinds)

    def list_usage(self, service_id: UUID, *, first: date, last: date) -> list[DayUsage]:
        """Return what is stored of a service's days."""
        return _usage(
            fact
            for facts in self._days.rows()
            for fact in facts
            if fact.service_id == service_id and first <= fact.day <= last
        )

    def count_live(self, window: Window) -> list[DayUsage]:
        """Count the window of a service's day."""
        return _usage(map(_fact, self._billable(window)))

    def find_allowance(self, service_id: UUID, year: int) -> Allowance | None:
        """Return the service's allowance for a financial year, or None."""
        return self._allowances.get((service_id, year))

    def allowance_grounds(self, year: int, service_id: UUID | None = None) -> list[Grounds]:
        """Return what decides on allowances."""
        wanted = (
            [
                service
                for service in self._services.list_all()
                if service.active and (service.id, year) not in self._allowances
            ]
            if service_id is None
            else [service for service in (self._services.find(service_id),) if service is not None]
        )
        return [self._grounds(service.id, service.organisation_type, year) for service in wanted]

    def _grounds(self, service_id: UUID, kind: OrganisationType | None, year: int) -> Grounds:
        defaults = DEFAULT_ALLOWANCES[kind]
        before = self._allowances.get((service_id, year - 1))
        first, last = days_of_financial_year(year - 1)
        return Grounds(
            service_id=service_id,
            year=year,
            default=defaults[max(since for since in defaults if since <= year)],
            custom_before=before.fragments if before is not None and before.custom else None,
            sent_before=sum(
                used.chargeable_units
                for used in self.list_usage(service_id, first=first, last=last)
                if used.channel is Channel.SMS
            ),
        )

    def put_allowances(self, allowances: Sequence[Allowance], *, replace: bool) -> int:
        """Store allowances."""
        wanted = [one for one in allowances if replace or (one.service_id, one.year) not in self._allowances]
        for one in wanted:
            self._allowances.put((one.service_id, one.year), one)
        return len(wanted)

    def _billable(self, window: Window) -> Iterator[Notification]:
        for message in self._messages.rows():
            facts = message.notification
            if facts.key_type is not KeyType.TEST and facts.status in BILLABLE[facts.channel] and window.holds(facts):
                yield facts


def _fact(message: Notification) -> Fact:
    """Return what a message is counted as."""
    multiplier = 1 if message.rate_multiplier is None else message.rate_multiplier
    fact = Fact(
        day=london_date(message.created_at),
        service_id=message.service_id,
        template_id=message.template_id,
        channel=message.channel,
        provider=UNKNOWN_PROVIDER if message.sent_by is None else message.sent_by.value,
        rate_multiplier=multiplier,
        international=message.international,
        postage=None,
        sheets=0,
        billable_units=message.billable_units,
        notifications_sent=1,
    )
    if message.channel is Channel.EMAIL:
        return evolve(fact, provider=ProviderName.SES.value, rate_multiplier=0, international=False, billable_units=0)
    if message.channel is Channel.LETTER:
        return evolve(fact, provider=ProviderName.DVLA.value, postage=message.postage, sheets=message.billable_units)
    return fact


def _usage(facts: Iterable[Fact]) -> list[DayUsage]:
    each = (
        DayUsage(
            day=fact.day,
            channel=fact.channel,
            postage=fact.postage,
            sheets=fact.sheets,
            chargeable_units=fact.notifications_sent
            if fact.channel is Channel.LETTER
            else fact.billable_units * fact.rate_multiplier,
            notifications_sent=fact.notifications_sent,
        )
        for fact in facts
    )
    added_up = _added_up(each, ("chargeable_units", "notifications_sent"))
    return sorted(added_up, key=lambda used: (used.day, used.channel, used.postage or "none", used.sheets))


def _added_up(each: Iterable[_Counted], sums: Sequence[str]) -> list[_Counted]:
    """Return one for all that differ in nothing but `sums`, with these added up."""
    totals: dict[_Counted, dict[str, Any]] = {}
    for one in each:
        nothing: dict[str, Any] = dict.fromkeys(sums, 0)
        counts = totals.setdefault(evolve(one, **nothing), nothing)
        for name in sums:
            counts[name] += getattr(one, name)
    return [evolve(kind, **counts) for kind, counts in totals.items()]


def _in_order_of_kinds(fact: Fact) -> tuple[Channel, UUID, str, int, bool, str, int]:
    return (
        fact.channel,
        fact.template_id,
        fact.provider,
        fact.rate_multiplier,
        fact.international,
        fact.postage or "none",
        fact.sheets,
    )
