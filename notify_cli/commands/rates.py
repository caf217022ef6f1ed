"""`notify rates`: what messages cost, and from when on."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from notify_cli.output import json_option, notify_for_command, show
from notify_core.billing.change_rates import ends_on
from notify_core.billing.rates import MOST_SHEETS, LetterRate, SmsRate, Tariff
from notify_core.vocabulary import Channel, Postage


def _pounds(text: str) -> Decimal:
    """Read a sum in pounds, exactly as it is written."""
    try:
        return Decimal(text)
    except InvalidOperation:
        raise click.BadParameter(f"{text!r} is not a sum in pounds, such as 0.0233") from None


_FROM = click.option(
    "--from",
    "valid_from",
    type=click.DateTime(["%Y-%m-%d"]),
    required=True,
    help="The London day from which it holds: YYYY-MM-DD.",
)
_CORRECT = click.option(
    "--correct", is_flag=True, help="Let it hold from a day that has begun, or take the place of another rate."
)


@click.group("rates")
def rates() -> None:
    """See and change what messages cost. Emails cost nothing.

    A message costs what holds on the London day on which it was accepted, until the next rate of its kind.
    """


@rates.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List all rates, those of texts first; the latest of each kind first."""
    with notify_for_command() as platform:
        tariff = platform.notify.list_rates()
    _show(tariff, as_json=as_json)


@rates.group("add")
def add() -> None:
    """Say what something costs from a day on."""


@add.command()
@_FROM
@click.option("--pounds", type=_pounds, required=True, help="For a fragment.")
@_CORRECT
@json_option
def sms(valid_from: datetime, pounds: Decimal, correct: bool, as_json: bool) -> None:
    """Say what a fragment of a text costs from a day on."""
    _add(SmsRate(valid_from=valid_from.date(), pounds=pounds), correct=correct, as_json=as_json)


@add.command()
@_FROM
@click.option("--postage", type=click.Choice([postage.value for postage in Postage]), required=True)
@click.option("--sheets", type=int, required=True, help=f"Of how many sheets of paper, from 1 to {MOST_SHEETS}.")
@click.option("--pounds", type=_pounds, required=True, help="For a letter, all of its sheets included.")
@_CORRECT
@json_option
def letter(valid_from: datetime, postage: str, sheets: int, pounds: Decimal, correct: bool, as_json: bool) -> None:
    """Say what a letter costs from a day on."""
    rate = LetterRate(postage=Postage(postage), sheets=sheets, valid_from=valid_from.date(), pounds=pounds)
    _add(rate, correct=correct, as_json=as_json)


def _add(rate: SmsRate | LetterRate, *, correct: bool, as_json: bool) -> None:
    with notify_for_command() as platform:
        tariff = platform.notify.add_rate(rate, correct=correct)
    _show(tariff, as_json=as_json)


def _show(tariff: Tariff, *, as_json: bool) -> None:
    listed = [_document(rate, tariff) for rate in _latest_first(tariff)]
    show(
        listed,
        as_json=as_json,
        title="Rates",
        columns=("type", "postage", "sheets", "from", "until", "pounds"),
        rows=[
            (one["type"], one["postage"], one["sheets"], one["from"], one["until"], rate.pounds)
            for one, rate in zip(listed, _latest_first(tariff), strict=True)
        ],
    )


def _latest_first(tariff: Tariff) -> list[SmsRate | LetterRate]:
    letters = sorted(tariff.letters, key=lambda rate: rate.valid_from, reverse=True)
    return [*reversed(tariff.texts), *sorted(letters, key=lambda rate: (rate.postage, rate.sheets))]


def _document(rate: SmsRate | LetterRate, tariff: Tariff) -> dict[str, Any]:
    """Return a rate as JSON shows it. `until` is the first day on which it holds no more."""
    is_letter = isinstance(rate, LetterRate)
    until: date | None = ends_on(rate, tariff)
    return {
        "type": Channel.LETTER if is_letter else Channel.SMS,
        "postage": rate.postage if isinstance(rate, LetterRate) else None,
        "sheets": rate.sheets if isinstance(rate, LetterRate) else None,
        "from": rate.valid_from,
        "until": until,
        "pounds": float(rate.pounds),
    }
