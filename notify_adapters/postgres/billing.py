"""Rates, allowances, and what was sent on each day: counted where the messages are, a day in one statement."""

# ruff: noqa: S608 - statements are put together from constants; what varies travels as parameters

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from notify_adapters.postgres.session import Row, Session
from notify_adapters.postgres.windows import OF_SERVICE, ROOM, accepted_in, of_service
from notify_core.billing.allowance import Allowance, Grounds
from notify_core.billing.model import UNKNOWN_PROVIDER, DayUsage, Fact
from notify_core.billing.rates import LetterRate, SmsRate, Tariff
from notify_core.calendar import days_of_financial_year, london_date
from notify_core.notifications.status import BILLABLE
from notify_core.notifications.window import Window
from notify_core.vocabulary import Channel, KeyType, Postage

# The first half of a lock's number, of which the day is the second; any that nothing else here locks.
_ADVISORY_LOCK = 7020097

_POSTAGES: dict[str, Postage | None] = {"none": None, **{postage.value: postage for postage in Postage}}

_SMS_RATES = "SELECT valid_from, rate FROM rates ORDER BY valid_from"
_LETTER_RATES = """
SELECT postage, sheets, valid_from, rate FROM letter_rates ORDER BY postage COLLATE "C", sheets, valid_from
"""
_PUT_SMS_RATE = """
INSERT INTO rates (valid_from, rate) VALUES (%(valid_from)s, %(rate)s)
ON CONFLICT (valid_from) DO UPDATE SET rate = excluded.rate
"""
_PUT_LETTER_RATE = """
INSERT INTO letter_rates (postage, sheets, valid_from, rate)
VALUES (%(postage)s, %(sheets)s, %(valid_from)s, %(rate)s)
ON CONFLICT (postage, sheets, valid_from) DO UPDATE SET rate = excluded.rate
"""

_CHARGED_FOR = frozenset(KeyType) - {KeyType.TEST}
_BILLABLE = " OR ".join(
    f"channel = '{channel}' AND status = ANY('{{{','.join(sorted(statuses))}}}')"
    for channel, statuses in BILLABLE.items()
)
# What a message is counted as.
_KIND = {
    "service_id": "service_id",
    "template_id": "template_id",
    "channel": "channel",
    "provider": f"""CASE channel
        WHEN 'sms' THEN coalesce(sent_by, '{UNKNOWN_PROVIDER}') WHEN 'email' THEN 'ses' ELSE 'dvla'
    END""",
    "rate_multiplier": "CASE channel WHEN 'email' THEN 0 ELSE coalesce(rate_multiplier, 1) END",
    "international": "channel <> 'email' AND international",
    "postage": "CASE channel WHEN 'letter' THEN coalesce(postage, 'none') ELSE 'none' END",
    "sheets": "CASE channel WHEN 'letter' THEN billable_units ELSE 0 END",
}
_NAMES = ", ".join(_KIND)
_FACT = f"bst_date, {_NAMES}, billable_units, notifications_sent"
_SUMS = """sum(CASE channel WHEN 'email' THEN 0 ELSE billable_units END) AS billable_units,
    count(*) AS notifications_sent"""

# Until the transaction ends. How many facts a day has is hard to foresee: to look them up one by one among those that
# were counted would take minutes, and to sort all messages on disk some seconds.
_LOCK_DAY = f"""
SELECT pg_advisory_xact_lock({_ADVISORY_LOCK}, %(day)s::date - date '2000-01-01') AS locked,
    set_config('enable_nestloop', 'off', true) AS joins, {ROOM} AS memory
"""

_LIST_FACTS = f"""
SELECT {_FACT} FROM ft_billing WHERE service_id = %(service_id)s AND bst_date = %(day)s
ORDER BY channel COLLATE "C", template_id, provider COLLATE "C", rate_multiplier, international,
    postage COLLATE "C", sheets
"""

_UNITS = "CASE channel WHEN 'letter' THEN notifications_sent ELSE billable_units * rate_multiplier END"
_USAGE_ORDER = 'bst_date, channel COLLATE "C", postage COLLATE "C", sheets'
_LIST_USAGE = f"""
SELECT bst_date, channel, postage, sheets,
    sum({_UNITS})::bigint AS chargeable_units, sum(notifications_sent)::bigint AS notifications_sent
FROM ft_billing
WHERE service_id = %(service_id)s AND bst_date BETWEEN %(first)s AND %(last)s
GROUP BY bst_date, channel, postage, sheets
ORDER BY {_USAGE_ORDER}
"""

_COUNT_LIVE = f"""
WITH counted AS (
    SELECT {", ".join(f"{_KIND[name]} AS {name}" for name in ("channel", "rate_multiplier", "postage", "sheets"))},
        {_SUMS}
    FROM ({OF_SERVICE}) AS accepted
    WHERE {_BILLABLE}
    GROUP BY 1, 2, 3, 4
)
SELECT %(day)s::date AS bst_date, channel, postage, sheets,
    sum({_UNITS})::bigint AS chargeable_units, sum(notifications_sent)::bigint AS notifications_sent
FROM counted
GROUP BY channel, postage, sheets
ORDER BY {_USAGE_ORDER}
"""

_FIND_ALLOWANCE = """
SELECT service_id, financial_year_start, free_sms_fragment_limit, has_custom_allowance, high_volume_service_last_year
FROM annual_billing WHERE service_id = %(service_id)s AND financial_year_start = %(year)s
"""
_PUT_ALLOWANCES = """
INSERT INTO annual_billing (
    service_id, financial_year_start, free_sms_fragment_limit, has_custom_allowance, high_volume_service_last_year
)
SELECT * FROM unnest(
    %(service_ids)s::uuid[], %(years)s::integer[], %(fragments)s::integer[], %(custom)s::boolean[],
    %(high_volume)s::boolean[]
)
ON CONFLICT (service_id, financial_year_start)
"""
_REPLACE_ALLOWANCES = f"""{_PUT_ALLOWANCES} DO UPDATE SET
    free_sms_fragment_limit = excluded.free_sms_fragment_limit,
    has_custom_allowance = excluded.has_custom_allowance,
    high_volume_service_last_year = excluded.high_volume_service_last_year
RETURNING service_id
"""
_ADD_ALLOWANCES = f"{_PUT_ALLOWANCES} DO NOTHING RETURNING service_id"


def _grounds(who: str, facts_of: str) -> str:
    return f"""
SELECT services.id AS service_id, defaults.allowance AS default_allowance,
    CASE WHEN before.has_custom_allowance THEN before.free_sms_fragment_limit END AS custom_before,
    coalesce(sent.units, 0)::bigint AS sent_before
FROM services
LEFT JOIN annual_billing AS before
    ON before.service_id = services.id AND before.financial_year_start = %(year)s - 1
LEFT JOIN (
    SELECT service_id, sum(billable_units * rate_multiplier) AS units FROM ft_billing
    WHERE channel = 'sms' AND bst_date BETWEEN %(first)s AND %(last)s {facts_of}
    GROUP BY service_id
) AS sent ON sent.service_id = services.id
CROSS JOIN LATERAL (
    SELECT allowance FROM default_annual_allowance
    WHERE organisation_type IS NOT DISTINCT FROM services.organisation_type
        AND valid_from_financial_year_start <= %(year)s
    ORDER BY valid_from_financial_year_start DESC LIMIT 1
) AS defaults
WHERE {who}
ORDER BY services.name COLLATE "C"
"""


_GROUNDS_OF_ONE = _grounds("services.id = %(service_id)s", "AND service_id = %(service_id)s")
_GROUNDS_OF_ALL = _grounds(
    """services.active AND NOT EXISTS (
    SELECT FROM annual_billing WHERE service_id = services.id AND financial_year_start = %(year)s
)""",
    "",
)


class PostgresBilling:
    """Implements `BillingRepository`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def tariff(self) -> Tariff:
        """Return all rates."""
        texts, letters = self._session.rows(_SMS_RATES, {}), self._session.rows(_LETTER_RATES, {})
        return Tariff(
            texts=tuple(SmsRate(valid_from=row.valid_from, pounds=row.rate) for row in texts),
            letters=tuple(
                LetterRate(
                    postage=Postage(row.postage), sheets=row.sheets, valid_from=row.valid_from, pounds=row.rate
                )
                for row in letters
            ),
        )

    def put_rate(self, rate: SmsRate | LetterRate) -> None:
        """Store a rate, in the place of the one of the same kind and day if there is one."""
        parameters = {"valid_from": rate.valid_from, "rate": rate.pounds}
        if isinstance(rate, SmsRate):
            self._session.run(_PUT_SMS_RATE, parameters)
        else:
            kind = {"postage": rate.postage.value, "sheets": rate.sheets}
            self._session.run(_PUT_LETTER_RATE, parameters | kind)

    def replace_day(self, day: date) -> int:
        """Count the day's messages, and put what comes of it in the place of what was stored of the day.

        The lock is a statement before the others, so that these see what was committed by whoever had it.
        """
        self._session.run(_LOCK_DAY, {"day": day})
        row = self._session.row(_replace(day), {})
        return 0 if row is None else int(row.facts)

    def list_facts(self, service_id: UUID, day: date) -> list[Fact]:
        """Return what is stored of a service's day."""
        return [_fact(row) for row in self._session.rows(_LIST_FACTS, {"service_id": service_id, "day": day})]

    def list_usage(self, service_id: UUID, *, first: date, last: date) -> list[DayUsage]:
        """Return what is stored of a service's days."""
        parameters = {"service_id": service_id, "first": first, "last": last}
        return [_usage(row) for row in self._session.rows(_LIST_USAGE, parameters)]

    def count_live(self, window: Window) -> list[DayUsage]:
        """Count the window of a service's day."""
        parameters = {"day": london_date(window.start), **of_service(window, _CHARGED_FOR)}
        return [_usage(row) for row in self._session.rows(_COUNT_LIVE, parameters)]

    def find_allowance(self, service_id: UUID, year: int) -> Allowance | None:
        """Return the service's allowance for a financial year, or None."""
        row = self._session.row(_FIND_ALLOWANCE, {"service_id": service_id, "year": year})
        if row is None:
            return None
        return Allowance(
            service_id=row.service_id,
            year=row.financial_year_start,
            fragments=row.free_sms_fragment_limit,
            custom=row.has_custom_allowance,
            high_volume=row.high_volume_service_last_year,
        )

    def allowance_grounds(self, year: int, service_id: UUID | None = None) -> list[Grounds]:
        """Return what decides on allowances."""
        first, last = days_of_financial_year(year - 1)
        parameters = {"year": year, "service_id": service_id, "first": first, "last": last}
        rows = self._session.rows(_GROUNDS_OF_ALL if service_id is None else _GROUNDS_OF_ONE, parameters)
        return [
            Grounds(
                service_id=row.service_id,
                year=year,
                default=row.default_allowance,
                custom_before=row.custom_before,
                sent_before=row.sent_before,
            )
            for row in rows
        ]

    def put_allowances(self, allowances: Sequence[Allowance], *, replace: bool) -> int:
        """Store allowances; those of a service and year that has one only with `replace`."""
        if not allowances:
            return 0
        parameters = {
            "service_ids": [one.service_id for one in allowances],
            "years": [one.year for one in allowances],
            "fragments": [one.fragments for one in allowances],
            "custom": [one.custom for one in allowances],
            "high_volume": [one.high_volume for one in allowances],
        }
        return len(self._session.rows(_REPLACE_ALLOWANCES if replace else _ADD_ALLOWANCES, parameters))


def _replace(day: date) -> str:
    """Return the statement that counts a day of all services, with its bounds written out.

    What differs is written, and nothing else: of the days that are counted again each night, most rows stay as they
    are.
    """
    return f"""
WITH counted AS MATERIALIZED (
    SELECT {", ".join(f"{expression} AS {name}" for name, expression in _KIND.items())}, {_SUMS}
    FROM notifications
    WHERE {accepted_in(Window.of_day(day))} AND key_type <> 'test' AND ({_BILLABLE})
    GROUP BY {", ".join(str(number) for number in range(1, len(_KIND) + 1))}
), gone AS (
    DELETE FROM ft_billing
    WHERE bst_date = '{day}' AND NOT EXISTS (
        SELECT FROM counted WHERE {" AND ".join(f"counted.{name} = ft_billing.{name}" for name in _KIND)}
    )
), stored AS (
    INSERT INTO ft_billing ({_FACT})
    SELECT '{day}', {_NAMES}, billable_units, notifications_sent FROM counted
    ON CONFLICT (bst_date, {_NAMES}) DO UPDATE
    SET billable_units = excluded.billable_units, notifications_sent = excluded.notifications_sent
    WHERE (ft_billing.billable_units, ft_billing.notifications_sent)
        <> (excluded.billable_units, excluded.notifications_sent)
)
SELECT count(*) AS facts FROM counted
"""


def _fact(row: Row) -> Fact:
    return Fact(
        day=row.bst_date,
        service_id=row.service_id,
        template_id=row.template_id,
        channel=Channel(row.channel),
        provider=row.provider,
        rate_multiplier=row.rate_multiplier,
        international=row.international,
        postage=_POSTAGES[row.postage],
        sheets=row.sheets,
        billable_units=row.billable_units,
        notifications_sent=row.notifications_sent,
    )


def _usage(row: Row) -> DayUsage:
    return DayUsage(
        day=row.bst_date,
        channel=Channel(row.channel),
        postage=_POSTAGES[row.postage],
        sheets=row.sheets,
        chargeable_units=row.chargeable_units,
        notifications_sent=row.notifications_sent,
    )
