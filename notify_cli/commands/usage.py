"""`notify usage`, `allowance` and `billing`: what services sent, what it costs, and how many texts are free."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import click

from notify_cli.output import json_option, notify_for_command, show
from notify_core.billing.allowance import Allowance
from notify_core.billing.model import Fact
from notify_core.billing.show import Usage
from notify_core.billing.usage import UsageLine

_YEAR = click.option("--year", type=int, help="The financial year that begins in April of YEAR. Left out: this one.")


@click.command("usage")
@click.argument("service_id", metavar="SERVICE", type=click.UUID)
@_YEAR
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Show what was counted of this London day instead: by template, provider and country.",
)
@json_option
def usage(service_id: UUID, year: int | None, day: datetime | None, as_json: bool) -> None:
    """Tell what a service sent in a financial year, and what it costs.

    A unit is a fragment of a text, times the multiplier of its country, or a letter. Days that are over are as they
    were counted last, in the night or every hour; today is counted now. Months leave out emails, which cost nothing.
    """
    if day is not None:
        if year is not None:
            raise click.UsageError("Give either --year or --day.")
        with notify_for_command() as platform:
            facts = platform.notify.list_facts(service_id, day.date())
        _show_facts(facts, as_json=as_json)
        return
    with notify_for_command() as platform:
        found = platform.notify.show_usage(service_id, year)
    if as_json:
        show(_usage(found), as_json=True, title="", columns=(), rows=())
        return
    _show_lines("Year", found.yearly, [])
    _show_lines("Months", found.monthly, ["month", "postage"])
    click.echo(
        f"{found.free_fragments_left} of {found.allowance.fragments} free fragments are left."
        f" To be paid: {_money(found.cost)}"
    )


@click.group("allowance")
def allowance() -> None:
    """See and decide how many fragments of texts a service has free in a financial year."""


@allowance.command("show")
@click.argument("service_id", metavar="SERVICE", type=click.UUID)
@_YEAR
@json_option
def show_(service_id: UUID, year: int | None, as_json: bool) -> None:
    """Show a service's allowance. If it has none for the year, it gets the one it is due."""
    with notify_for_command() as platform:
        found = platform.notify.find_allowance(service_id, year)
    _show_allowance(found, as_json=as_json)


@allowance.command("set")
@click.argument("service_id", metavar="SERVICE", type=click.UUID)
@click.argument("fragments", type=int)
@json_option
def set_(service_id: UUID, fragments: int, as_json: bool) -> None:
    """Give a service FRAGMENTS free in this financial year, and in those to come.

    The number that its type of organisation has by default is none of its own: it follows the default next year.
    """
    with notify_for_command() as platform:
        found = platform.notify.set_allowance(service_id, fragments)
    _show_allowance(found, as_json=as_json)


@click.group("billing")
def billing() -> None:
    """Count what was sent on a day. Every night does that for the last ten, and every hour for today."""


@billing.command()
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@json_option
def count(day: datetime, as_json: bool) -> None:
    """Count what all services sent on the London day DAY (YYYY-MM-DD), in the place of what was counted before."""
    with notify_for_command() as platform:
        facts = platform.notify.build_billing(day.date())
    show(
        {"day": day.date(), "facts": facts},
        as_json=as_json,
        title="Counted",
        columns=("day", "facts"),
        rows=[(day.date(), facts)],
    )


def _show_allowance(found: Allowance, *, as_json: bool) -> None:
    show(
        {
            "service_id": found.service_id,
            "year": found.year,
            "free_fragments": found.fragments,
            "custom": found.custom,
            "high_volume": found.high_volume,
        },
        as_json=as_json,
        title="Allowance",
        columns=("service", "year", "free fragments", "custom", "high volume"),
        rows=[(found.service_id, found.year, found.fragments, found.custom, found.high_volume)],
    )


def _show_lines(title: str, lines: Sequence[UsageLine], more: list[str]) -> None:
    show(
        None,
        as_json=False,
        title=title,
        columns=(*more[:1], "type", *more[1:], "sent", "units", "free", "charged", "rate", "cost"),
        rows=[
            (
                *([f"{line.day:%B}"] if more else []),
                line.channel,
                *([line.postage] if more else []),
                line.notifications_sent,
                line.chargeable_units,
                line.free_allowance_used,
                line.charged_units,
                line.rate,
                _money(line.cost),
            )
            for line in lines
        ],
    )


def _money(pounds: Decimal) -> str:
    return f"£{pounds:,.4f}"


def _usage(found: Usage) -> dict[str, Any]:
    return {
        "service_id": found.service_id,
        "year": found.year,
        "free_fragments": found.allowance.fragments,
        "free_fragments_left": found.free_fragments_left,
        "cost": float(found.cost),
        "yearly": [_line(line) for line in found.yearly],
        "monthly": [{"month": f"{line.day:%B}", "postage": line.postage} | _line(line) for line in found.monthly],
    }


def _line(line: UsageLine) -> dict[str, Any]:
    return {
        "notification_type": line.channel,
        "chargeable_units": line.chargeable_units,
        "notifications_sent": line.notifications_sent,
        "rate": float(line.rate),
        "cost": float(line.cost),
        "free_allowance_used": line.free_allowance_used,
        "charged_units": line.charged_units,
    }


def _show_facts(facts: list[Fact], *, as_json: bool) -> None:
    show(
        [_fact(fact) for fact in facts],
        as_json=as_json,
        title="Facts",
        columns=("type", "template", "provider", "multiplier", "abroad", "postage", "sheets", "units", "sent"),
        rows=[
            (
                fact.channel,
                fact.template_id,
                fact.provider,
                fact.rate_multiplier,
                fact.international,
                fact.postage,
                fact.sheets,
                fact.billable_units,
                fact.notifications_sent,
            )
            for fact in facts
        ],
    )


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "day": fact.day,
        "notification_type": fact.channel,
        "template_id": fact.template_id,
        "provider": fact.provider,
        "rate_multiplier": fact.rate_multiplier,
        "international": fact.international,
        "postage": fact.postage,
        "sheets": fact.sheets,
        "billable_units": fact.billable_units,
        "notifications_sent": fact.notifications_sent,
    }
