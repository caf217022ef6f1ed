"""The steps of a night: which use cases do the work of which entry of the schedule, and in which order.

The order is that of the schedule, for steps build on each other: what waits for receipts is settled before statuses
are counted, and days are counted before anything of them goes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING

from attrs import evolve

from notify_core.nightly.model import Done, Piece, Step

if TYPE_CHECKING:
    from notify_core.application import Notify

# A task ends in time and promises the rest. Nothing waits for the end of a night that somebody runs by hand.
_UNHURRIED = timedelta(days=1)


def steps_of(notify: Notify) -> tuple[Step, ...]:
    """Return the night's steps, done by these use cases."""
    return (
        Step(
            name="apply-waiting-receipts",
            about="Apply receipts that could not be applied when they came.",
            pieces=_whole(lambda: _receipts(notify)),
        ),
        Step(
            name="timeout-sending-notifications",
            about="Give up on receipts that have not come in three days.",
            pieces=_whole(lambda: {"timed out": evolve(notify.time_out_sending, at_a_time=_UNHURRIED)()}),
        ),
    )


def _receipts(notify: Notify) -> Done:
    swept = notify.apply_waiting_receipts()
    return {"applied": swept.applied, "left waiting": swept.left, "dropped": swept.dropped}


def _whole(do: Callable[[], Done]) -> Callable[[date], tuple[Piece, ...]]:
    """Return the only piece of a step that is not divided."""
    return lambda _: (Piece(label="all", do=do),)
