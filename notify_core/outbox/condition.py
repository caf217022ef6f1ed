"""How queues are: how full, what is wrong with them and exactly what to set, what became of their dead letters.

A message must not come back while its first worker is still at it, nor for ever when no worker can do it, nor be
forgotten where it was put aside. Three attributes decide that, and nothing else would notice that they are wrong.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from notify_core.outbox.model import LONGEST_TASK_SECONDS

# Between the longest task and its message's return: for a worker that is slow to begin, and clocks that differ.
LEAST_VISIBILITY_TIMEOUT_SECONDS = 2 * LONGEST_TASK_SECONDS


def dead_letter_name(name: str) -> str:
    """Return our name of the queue where another queue's undeliverable messages are put aside."""
    return f"{name}-dead-letter"


@frozen(kw_only=True)
class QueueProblem:
    """One attribute of one queue that will not do. `now` is None when it is not there at all.

    `queue` is the name by which SQS knows it, prefix and all; `sentence` says what to set.
    """

    queue: str
    attribute: str
    now: str | None
    needed: str
    sentence: str


@frozen(kw_only=True)
class QueueCondition:
    """A queue as SQS describes it. Names are SQS's own; times are seconds; None is what could not be found.

    `dead_letters` is the queue named by the redrive policy, and `dead_letter_retention` its retention: None when
    there is no such queue.
    """

    queue: str
    exists: bool = True
    readable: bool = True
    visibility_timeout: int = 0
    retention: int = 0
    dead_letters: str | None = None
    dead_letter_retention: int | None = None
    expected_dead_letters: str

    def problems(self) -> list[QueueProblem]:
        """Return what is wrong with it: an empty list when it will do."""
        if not self.readable:
            return [
                self._problem(
                    "Policy",
                    None,
                    "sqs:GetQueueAttributes",
                    "allow sqs:GetQueueAttributes on it and on its dead-letter queue",
                )
            ]
        if not self.exists:
            return [self._problem("QueueUrl", None, "a queue", "does not exist; `notify queues create` makes it")]
        return [*self._visibility(), *self._redrive()]

    def _visibility(self) -> Iterator[QueueProblem]:
        if self.visibility_timeout < LEAST_VISIBILITY_TIMEOUT_SECONDS:
            yield self._problem(
                "VisibilityTimeout",
                str(self.visibility_timeout),
                str(LEAST_VISIBILITY_TIMEOUT_SECONDS),
                f"set VisibilityTimeout to {LEAST_VISIBILITY_TIMEOUT_SECONDS} or more, it is"
                f" {self.visibility_timeout}: twice the {LONGEST_TASK_SECONDS} seconds of the longest task",
            )

    def _redrive(self) -> Iterator[QueueProblem]:
        if self.dead_letters is None:
            yield self._problem(
                "RedrivePolicy",
                None,
                self.expected_dead_letters,
                f"set RedrivePolicy, there is none: deadLetterTargetArn of {self.expected_dead_letters},"
                " and maxReceiveCount",
            )
        elif self.dead_letter_retention is None:
            yield self._problem(
                "RedrivePolicy",
                self.dead_letters,
                self.expected_dead_letters,
                f"create {self.dead_letters}, where its RedrivePolicy sends dead letters, or set RedrivePolicy to"
                f" {self.expected_dead_letters}",
            )
        elif self.dead_letter_retention < self.retention:
            yield QueueProblem(
                queue=self.dead_letters,
                attribute="MessageRetentionPeriod",
                now=str(self.dead_letter_retention),
                needed=str(self.retention),
                sentence=(
                    f"{self.dead_letters}: set MessageRetentionPeriod to {self.retention} or more, it is"
                    f" {self.dead_letter_retention}: a dead letter keeps the age it had on {self.queue}"
                ),
            )

    def _problem(self, attribute: str, now: str | None, needed: str, todo: str) -> QueueProblem:
        return QueueProblem(
            queue=self.queue, attribute=attribute, now=now, needed=needed, sentence=f"{self.queue}: {todo}"
        )


@frozen(kw_only=True)
class QueueDepth:
    """About how many messages of a queue wait, are being worked on, and are held back until their delay is over."""

    visible: int
    in_flight: int
    delayed: int


@frozen(kw_only=True)
class Redriven:
    """What became of dead letters: `moved` to their queue; those that stay are `strange` (no task) or `refused`."""

    moved: int = 0
    strange: int = 0
    refused: int = 0

    def plus(self, other: Redriven) -> Redriven:
        """Return the sum of both."""
        return Redriven(
            moved=self.moved + other.moved,
            strange=self.strange + other.strange,
            refused=self.refused + other.refused,
        )
