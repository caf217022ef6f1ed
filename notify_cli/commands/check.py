"""`notify check`: what somebody should look into, though everything answers."""

from __future__ import annotations

from typing import Any

import click

from notify_cli.exit_codes import ExitCode
from notify_cli.output import json_option, notify_for_command, show
from notify_core.statistics.check import Concern, InboundNumbers, ServiceConcern


@click.command("check")
@json_option
def check(as_json: bool) -> int:
    """Look for services whose texts go nowhere, and for numbers running out. Exits with 9 when there is something.

    Live services: those that are active and not in trial mode. Of their texts of the last 24 hours, 10,000 or more of
    which a quarter failed for good, or more than 500 to numbers that exist for drama only (07700 900000 to 900999).
    Numbers that people can text: whether no more than LOW_INBOUND_SMS_NUMBER_THRESHOLD are left for services.
    """
    with notify_for_command() as platform:
        services = platform.notify.check_services()
        numbers = platform.notify.check_inbound_numbers()
    show(
        {
            "ok": not services and not numbers.are_low,
            "services": [_document(found) for found in services],
            "inbound_numbers": {
                "available": numbers.available,
                "threshold": numbers.threshold,
                "low": numbers.are_low,
            },
        },
        as_json=as_json,
        title="Concerns",
        columns=("what", "about", "detail"),
        rows=[*map(_row, services), *([_numbers(numbers)] if numbers.are_low else [])],
    )
    return ExitCode.UNHEALTHY if services or numbers.are_low else ExitCode.OK


def _row(found: ServiceConcern) -> tuple[object, ...]:
    texts = found.texts
    detail = (
        f"{texts.permanent_failures} of {texts.texts} texts failed for good ({found.failure_rate:.0%})"
        if found.concern is Concern.HIGH_FAILURE_RATE
        else f"{texts.texts} texts to numbers for drama"
    )
    return found.concern, f"{texts.service_name} ({texts.service_id})", detail


def _numbers(numbers: InboundNumbers) -> tuple[object, ...]:
    detail = f"{numbers.available} left, to be told from {numbers.threshold} down"
    return "low-inbound-numbers", "numbers that people can text", detail


def _document(found: ServiceConcern) -> dict[str, Any]:
    return {
        "concern": found.concern,
        "service_id": found.texts.service_id,
        "service_name": found.texts.service_name,
        "texts": found.texts.texts,
        "permanent_failures": found.texts.permanent_failures,
        "failure_rate": found.failure_rate,
    }
