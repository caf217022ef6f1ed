"""A task that cannot be done now waits in the broker, never in a worker.

A new message with SQS's own delay takes the old one's place: publish, then acknowledge. A crash in between
leaves both, which is harmless, since every task is safe to repeat.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from attrs import field, frozen

from notify_core.outbox.model import LONGEST_BROKER_DELAY, Queue
from notify_core.unit_of_work import DatabaseUnavailable

_GROUP_HEADER = "notify_message_group_id"
_REQUEST_HEADER = "notify_request_id"


@frozen(kw_only=True)
class Patience:
    """Which errors may pass, and how a task waits for that.

    `retries` None: as often as it takes. `queue` None: on the queue it came from.
    """

    delay: timedelta = field()
    errors: tuple[type[Exception], ...] = (DatabaseUnavailable,)
    unless: tuple[type[Exception], ...] = ()
    retries: int | None = None
    queue: Queue | None = None

    @delay.validator
    def _is_within_what_the_broker_can_hold(self, _: object, delay: timedelta) -> None:
        if not timedelta(0) < delay <= LONGEST_BROKER_DELAY:
            raise ValueError(f"SQS holds a message back for at most {LONGEST_BROKER_DELAY}, not {delay}")

    def covers(self, error: Exception, retries_so_far: int) -> bool:
        """Say whether a task that failed like this, so many retries on, is to be tried again."""
        if not isinstance(error, self.errors) or isinstance(error, self.unless):
            return False
        return self.retries is None or retries_so_far < self.retries


def postpone(task: Any, patience: Patience) -> None:
    """Publish the running task's message again, to be delivered after the delay, with one more retry on its count.

    Raises what the broker's client raises when it cannot be published.
    """
    request = task.request
    group = getattr(request, _GROUP_HEADER, None)
    options = {"MessageGroupId": group} if group else {}
    task.apply_async(
        request.args,
        request.kwargs,
        task_id=request.id,
        root_id=request.root_id,
        queue=(patience.queue or request.delivery_info["routing_key"]),
        retries=request.retries + 1,
        delay_seconds=int(patience.delay.total_seconds()),
        headers={_GROUP_HEADER: group, _REQUEST_HEADER: getattr(request, _REQUEST_HEADER, None)},
        argsrepr="...",
        kwargsrepr="...",
        **options,
    )
