"""`notify retention`: how long personal data are kept, and seeing to it that they go."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click

from notify_cli.exit_codes import ExitCode
from notify_cli.output import json_option, notify_for_command, show
from notify_core.retention.model import Applied
from notify_core.retention.show import ServiceRetention
from notify_core.vocabulary import Channel

_CHANNEL = click.Choice([channel.value for channel in Channel])


@click.group("retention")
def retention() -> None:
    """See and set how long personal data are kept, and remove what has expired.

    Days are whole and London's: what was sent on a Monday and is kept for 7 days goes at the start of the Tuesday of
    the week after. Nobody can read it from then on; every night it is removed. What is not personal stays.
    """


@retention.command("show")
@click.argument("service_id", type=click.UUID, metavar="SERVICE")
@json_option
def show_(service_id: UUID, as_json: bool) -> None:
    """Show for how many days SERVICE's messages of each channel are kept."""
    with notify_for_command() as platform:
        found = platform.notify.show_retention(service_id)
    _show(found, as_json=as_json)


@retention.command("set")
@click.argument("service_id", type=click.UUID, metavar="SERVICE")
@click.argument("channel", type=_CHANNEL)
@click.argument("days", type=int)
@json_option
def set_(service_id: UUID, channel: str, days: int, as_json: bool) -> None:
    """Keep SERVICE's messages of CHANNEL for DAYS days, 1 to 90.

    New messages follow within seconds. What there is follows within minutes, beginning in one: what has expired by
    the new setting is removed then, and cannot be brought back. Texts that people send go by the setting for sms.
    """
    with notify_for_command() as platform:
        platform.notify.set_retention(service_id, Channel(channel), days)
        found = platform.notify.show_retention(service_id)
    _show(found, as_json=as_json)


@retention.command("apply")
@json_option
def apply_(as_json: bool) -> int:
    """Remove what has expired, now: what is done every night. Exits with 9 when something could not be removed.

    What there is no time for within some seconds is left to the workers.
    """
    with notify_for_command() as platform:
        runs = [platform.notify.apply_retention(), platform.notify.remove_expired_texts()]
    done = {
        "dropped": [{"table": one.kind, "expired_on": str(one.day)} for run in runs for one in run.dropped],
        "held": [{"table": one.kind, "expired_on": str(one.day)} for run in runs for one in run.held],
        "swept": {kind.value: count for run in runs for kind, count in run.swept.items()},
        "letters_kept": sum(run.letters_kept for run in runs),
        "test_messages": sum(run.test_messages for run in runs),
        "unfinished": any(run.unfinished for run in runs),
    }
    show(done, as_json=as_json, title="Retention", columns=("what", "how much"), rows=_rows(runs))
    return ExitCode.UNHEALTHY if any(run.held for run in runs) else ExitCode.OK


def _rows(runs: list[Applied]) -> list[tuple[object, object]]:
    rows: list[tuple[object, object]] = [
        (f"{one.kind}, {one.day}", word)
        for run in runs
        for days, word in ((run.dropped, "dropped"), (run.held, "in use: tried again in 30 seconds"))
        for one in days
    ]
    rows += [(kind.value, f"{count} rows removed") for run in runs for kind, count in run.swept.items()]
    rows.append(("letters that are not settled", f"{sum(run.letters_kept for run in runs)} kept longer"))
    rows.append(("messages of test keys", f"{sum(run.test_messages for run in runs)} removed"))
    if any(run.unfinished for run in runs):
        rows.append(("the rest", "left to the workers"))
    return rows


def _show(found: ServiceRetention, *, as_json: bool) -> None:
    redating = found.redating
    document: dict[str, Any] = {
        "service_id": found.service_id,
        "days": {channel.value: days for channel, days in found.days.items()},
        "chosen": sorted(channel.value for channel in found.chosen),
        "redating": None if redating is None else redating.stage.value,
    }
    under_way = None if redating is None else f"being applied to what there is: {redating.stage}"
    show(
        document,
        as_json=as_json,
        title="Retention",
        columns=("channel", "days", "chosen", "state"),
        rows=[(channel, days, channel in found.chosen, under_way) for channel, days in found.days.items()],
    )
