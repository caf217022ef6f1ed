"""`notify stats`: what became of messages, of one service or of all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import click
from attrs import asdict, frozen

from notify_cli.output import json_option, notify_for_command, show
from notify_core.calendar import london_date
from notify_core.providers.lateness import Figures
from notify_core.statistics.model import (
    By,
    Period,
    ProcessingTime,
    ServiceMonth,
    Statistics,
    StatusCount,
    Totals,
    total,
)
from notify_core.vocabulary import KeyType

_MONTH = re.compile(r"(\d{4})-(\d{2})")
_APART = {"day": By.DAY, "month": By.MONTH, "template": By.TEMPLATE, "status": By.NOTHING}


class Month(click.ParamType[Period]):
    """A month, such as 2026-11."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Period:
        """Read the month."""
        match = _MONTH.fullmatch(value)
        if match is None or not date.min.year <= int(match[1]) < date.max.year or not 1 <= int(match[2]) <= 12:
            self.fail(f"{value!r} is not a month such as 2026-11", param, ctx)
        return Period.month(int(match[1]), int(match[2]))


@frozen
class Line:
    """What there is to say of one day, month, template or status: what it is called, and its counts."""

    called: dict[str, object]
    counts: tuple[StatusCount, ...]

    @property
    def totals(self) -> Totals:
        """What its counts come to."""
        return total(self.counts)


@click.command("stats")
@click.argument("service_id", type=click.UUID, required=False, metavar="[SERVICE]")
@click.option("--days", type=click.IntRange(0, 3660), help="So many days before today, and today. Left out: 7.")
@click.option("--month", type=Month(), help="A month, such as 2026-11.")
@click.option("--year", type=click.IntRange(2000, 9000), help="A financial year, by the year of its April.")
@click.option(
    "--by",
    type=click.Choice(["day", "template", "status", "service"]),
    help="What to count apart. Left out: days, or the months of a year.",
)
@json_option
def statistics(
    service_id: UUID | None, days: int | None, month: Period | None, year: int | None, by: str | None, as_json: bool
) -> None:
    """Tell what became of the messages of SERVICE, or without it of all, in the last days, a month or a year.

    Requested is all that was not cancelled; delivered has what was sent abroad, too. Messages of test keys are left
    out; for the whole platform those of today stand in a line of their own. Days are London's.

    For the whole platform it also tells how soon messages were handed over, and how late texts are just now:
    `notify providers statistics` has that minute by minute. --by service has a line for each live service.
    """
    if sum(option is not None for option in (days, month, year)) > 1:
        raise click.UsageError("Give one of --days, --month and --year.")
    if by == "template" and service_id is None:
        raise click.UsageError("Templates are counted for one service: give SERVICE.")
    if by == "service" and service_id is not None:
        raise click.UsageError("Services are counted for the whole platform: leave SERVICE out.")
    period = _period(days, month, year)
    if by == "service":
        with notify_for_command() as platform:
            found = platform.notify.report_services(period)
        _show_services(found, as_json=as_json)
        return
    by = by or ("day" if year is None else "month")
    with notify_for_command() as platform:
        notify = platform.notify
        everybody = service_id is None
        counted = notify.count_statistics(period, service_id, by=_APART[by], test_keys=everybody)
        names = {one.id: one.name for one in notify.list_templates(service_id)} if by == "template" else {}
        times = notify.list_processing_times(period) if everybody else []
        minutes = notify.list_sms_delivery_statistics(minutes=15) if everybody else []
    real = [count for count in counted.counts if count.key_type is not KeyType.TEST]
    lines = _lines(by, real, names, counted.period.days() if by == "day" else [])
    latest = minutes[0] if minutes else []
    if as_json:
        document = _document(service_id, counted, by, lines, everybody)
        if everybody:
            document |= {
                "processing_times": [_time(one) for one in times],
                "texts_now": [_now(one) for one in latest],
            }
        click.echo(json.dumps(document, indent=2, default=str))
        return
    _print(service_id, counted, by, lines, times, latest)


def _period(days: int | None, month: Period | None, year: int | None) -> Period:
    if year is not None:
        return Period.financial_year(year)
    return month or Period.last_days(london_date(datetime.now(UTC)), 7 if days is None else days)


def _lines(by: str, counts: Sequence[StatusCount], names: dict[UUID, str], days: Sequence[date]) -> list[Line]:
    """Return a line for each thing that is counted apart, and one for each of the `days` that have begun."""
    today = london_date(datetime.now(UTC))
    describe: dict[str, Callable[[StatusCount], dict[str, object]]] = {
        "day": lambda count: {"day": count.day},
        "month": lambda count: {"month": f"{count.day:%Y-%m}"},
        "template": lambda count: {
            "template": names.get(count.template_id, "(archived)") if count.template_id else None,
            "template_id": count.template_id,
            "channel": count.channel,
        },
        "status": lambda count: {"channel": count.channel, "status": count.status},
    }
    together: dict[tuple[tuple[str, object], ...], list[StatusCount]] = {
        (("day", day),): [] for day in days if day <= today
    }
    for count in counts:
        together.setdefault(tuple(describe[by](count).items()), []).append(count)
    return [Line(dict(called), tuple(alike)) for called, alike in together.items()]


def _document(
    service_id: UUID | None, counted: Statistics, by: str, lines: Sequence[Line], everybody: bool
) -> dict[str, Any]:
    return {
        "service_id": service_id,
        "first": counted.period.first,
        "last": counted.period.last,
        "counted_now": list(counted.live),
        "totals": [line.called | _figures(line.totals) for line in _totals(counted.counts, key_types=everybody)],
        "by": by,
        "lines": [
            line.called | ({"messages": _messages(line)} if by == "status" else _figures(line.totals))
            for line in lines
        ],
    }


def _totals(counts: Iterable[StatusCount], *, key_types: bool) -> list[Line]:
    """Return a line for each channel that has any, or for each of its key types."""
    together: dict[tuple[str, ...], list[StatusCount]] = {}
    for count in counts:
        key = (count.channel.value, count.key_type.value) if key_types else (count.channel.value,)
        together.setdefault(key, []).append(count)
    names = ("channel", "key_type")
    return [Line(dict(zip(names, key, strict=False)), tuple(together[key])) for key in sorted(together)]


def _figures(totals: Totals) -> dict[str, object]:
    return asdict(totals) | {"waiting": totals.waiting, "failure_rate": totals.failure_rate}


def _messages(line: Line) -> int:
    return sum(count.messages for count in line.counts)


def _time(one: ProcessingTime) -> dict[str, object]:
    return asdict(one) | {"percentage": round(one.percentage, 2)}


def _now(one: Figures) -> dict[str, object]:
    return {
        "provider": one.provider,
        "measured_at": one.measured_at,
        "judged": one.slowness.judged,
        "late": one.slowness.late,
        "errors": one.errors,
    }


def _print(
    service_id: UUID | None,
    counted: Statistics,
    by: str,
    lines: Sequence[Line],
    times: Sequence[ProcessingTime],
    latest: Sequence[Figures],
) -> None:
    """Print tables and bars; colours only where there is a terminal."""
    from rich.console import Console
    from rich.table import Table

    from notify_cli.charts import bars, legend

    console = Console()

    def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        shown = Table(title=title, title_justify="left")
        for column in columns:
            shown.add_column(column, overflow="fold")
        for row in rows:
            shown.add_row(*row)
        console.print(shown)

    period = counted.period
    whose = "all services" if service_id is None else f"service {service_id}"
    totals = _totals(counted.counts, key_types=service_id is None)
    if not totals:
        console.print(f"No messages of {whose} from {period.first} to {period.last}.")
    else:
        names = [name.replace("_", " ") for name in totals[0].called]
        table(
            f"Messages of {whose}, {period.first} to {period.last}",
            (*names, "requested", "delivered", "failed", "on its way", "failure rate"),
            [(*map(str, line.called.values()), *_cells(line.totals), _rate(line.totals)) for line in totals],
        )
        shown = [name for name in lines[0].called if name != "template_id"] if lines else []
        if by == "status":
            table(
                "By status", (*shown, "messages"), [(*_called(line, shown), str(_messages(line))) for line in lines]
            )
        elif lines:
            drawn = bars(console, [line.totals for line in lines])
            table(
                f"By {by}",
                (*shown, "requested", "failed", ""),
                [
                    (*_called(line, shown), str(line.totals.requested), str(line.totals.failed), bar)
                    for line, bar in zip(lines, drawn, strict=True)
                ],
            )
            console.print(legend(console))
    if times:
        table(
            "Handed over within 10 seconds",
            ("day", "messages", "in time"),
            [(str(one.day), str(one.total), f"{one.percentage:.1f}%") for one in times],
        )
    if latest:
        table(
            f"Texts at {latest[0].measured_at:%H:%M} UTC",
            ("provider", "late (5 min)", "errors/min"),
            [
                (one.provider.value, f"{one.slowness.late} of {one.slowness.judged}", str(one.errors))
                for one in latest
            ],
        )


def _called(line: Line, names: Sequence[str]) -> list[str]:
    return [str(line.called[name]) for name in names]


def _cells(totals: Totals) -> list[str]:
    return [str(number) for number in (totals.requested, totals.delivered, totals.failed, totals.waiting)]


def _rate(totals: Totals) -> str:
    return "-" if totals.failure_rate is None else f"{totals.failure_rate:.1%}"


def _show_services(found: Sequence[ServiceMonth], *, as_json: bool) -> None:
    show(
        [asdict(line) for line in found],
        as_json=as_json,
        title="Live services",
        columns=(
            "month",
            "service",
            "channel",
            "sending",
            "delivered",
            "technical",
            "temporary",
            "permanent",
            "sent",
        ),
        rows=[
            (
                f"{line.month:%Y-%m}",
                line.service_name,
                line.channel,
                line.sending,
                line.delivered,
                line.technical_failure,
                line.temporary_failure,
                line.permanent_failure,
                line.sent,
            )
            for line in found
        ],
    )
