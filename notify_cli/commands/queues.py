"""`notify queues`: make the queues, check that they will do, see how full they are, bring dead letters back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import click

from notify_cli.exit_codes import ExitCode
from notify_cli.output import json_option, settings_from_environment, show
from notify_core.outbox.condition import Redriven, dead_letter_name
from notify_core.outbox.model import Queue
from notify_core.outbox.worker_types import EVERY_QUEUE, queues_for

_AT_ONCE = 8

_worker_type_option = click.option(
    "--type",
    "worker_type",
    default=EVERY_QUEUE,
    show_default=True,
    help="Only the queues of this type of worker; see docs/operators.md.",
)


@click.group("queues")
def queues() -> None:
    """Make the queues at SQS, check them, see how full they are, and bring dead letters back."""


@queues.command()
@_worker_type_option
@json_option
def create(worker_type: str, as_json: bool) -> None:
    """Make the queues that are missing, each with its dead-letter queue. Those that are there stay as they are."""
    made = _admin().ensure([queue.value for queue in queues_for(worker_type)])
    show(
        {"created": made},
        as_json=as_json,
        title="New queues",
        columns=("queue", "dead letters"),
        rows=[(name, dead_letter_name(name)) for name in made],
    )


@queues.command()
@_worker_type_option
@json_option
def check(worker_type: str, as_json: bool) -> int:
    """Check that every queue exists and will do, as workers do when they start. Exits with 9 when one will not."""
    wanted = [queue.value for queue in queues_for(worker_type)]
    problems = [problem for condition in _admin().conditions(wanted) for problem in condition.problems()]
    document = {
        "ok": not problems,
        "queues": len(wanted),
        "problems": [
            {
                "queue": problem.queue,
                "attribute": problem.attribute,
                "now": problem.now,
                "needed": problem.needed,
                "sentence": problem.sentence,
            }
            for problem in problems
        ],
    }
    if as_json or problems:
        show(
            document,
            as_json=as_json,
            title="Problems",
            columns=("queue", "attribute", "now", "needed"),
            rows=[(problem.queue, problem.attribute, problem.now, problem.needed) for problem in problems],
        )
    if not as_json:
        for problem in problems:
            click.echo(problem.sentence)
        if not problems:
            click.echo(f"All {len(wanted)} queues will do.")
    return ExitCode.UNHEALTHY if problems else ExitCode.OK


@queues.command("list")
@_worker_type_option
@json_option
def list_(worker_type: str, as_json: bool) -> None:
    """Show about how many messages wait, are being worked on, are delayed, and have been put aside as dead."""
    names = [queue.value for queue in queues_for(worker_type)]
    depths = _admin().depths([*names, *map(dead_letter_name, names)])
    found = []
    for name in names:
        if name in depths:
            depth, dead = depths[name], depths.get(dead_letter_name(name))
            found.append(
                {
                    "queue": name,
                    "visible": depth.visible,
                    "in_flight": depth.in_flight,
                    "delayed": depth.delayed,
                    "dead": None if dead is None else dead.visible + dead.in_flight,
                }
            )
    show(
        found,
        as_json=as_json,
        title="Queues",
        columns=("queue", "visible", "in flight", "delayed", "dead"),
        rows=[tuple(one.values()) for one in found],
    )


@queues.command()
@click.argument("queue", required=False, type=click.Choice([queue.value for queue in Queue]), metavar="[QUEUE]")
@click.option("--all", "every", is_flag=True, help="Every queue's dead letters, not only QUEUE's.")
@click.option("--limit", type=click.IntRange(min=1), help="Move at most so many for each queue. Left out: all.")
@json_option
def redrive(queue: str | None, every: bool, limit: int | None, as_json: bool) -> None:
    """Move dead letters back to the queue that they died on, after what killed them has been put right.

    What was never a task of ours stays where it is, and so does what the queue does not take.
    """
    if every == (queue is not None):
        raise click.UsageError("Give either a QUEUE or --all.")
    admin = _admin()
    names = [queue] if queue is not None else [one.value for one in Queue]

    def bring_back(name: str) -> Redriven:
        redriven: Redriven = admin.redrive(name, limit=limit, progress=partial(_tell, name))
        return redriven

    # Asking an empty queue takes a second, to be sure that it is empty.
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        found = list(zip(names, threads.map(bring_back, names), strict=True))
    show(
        [{"queue": name, "moved": one.moved, "strange": one.strange, "refused": one.refused} for name, one in found],
        as_json=as_json,
        title="Dead letters",
        columns=("queue", "moved back", "no task of ours", "not taken"),
        rows=[(name, one.moved, one.strange, one.refused) for name, one in found],
    )


def _tell(name: str, so_far: Redriven) -> None:
    """Say how far it is, where it does not mix with what is printed for scripts."""
    click.echo(f"{name}: {so_far.moved} moved back", err=True)


def _admin() -> Any:
    from notify_adapters.assembly import queue_admin

    return queue_admin(settings_from_environment())
