"""A worker begins only with queues that will do, and waits for those it cannot reach."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from attrs import define, field

from notify_core.errors import ConfigurationError
from notify_core.outbox.condition import QueueCondition
from notify_core.outbox.model import Queue
from notify_core.outbox.ports import QueuesUnavailable
from notify_worker.start import require_queues


@define
class Account:
    """Queues at an SQS that answers only after some calls."""

    visibility_timeout: int = 60
    calls_in_vain: int = 0
    asked: list[str] = field(factory=list)

    def conditions(self, names: Sequence[str]) -> list[QueueCondition]:
        if self.calls_in_vain:
            self.calls_in_vain -= 1
            raise QueuesUnavailable("SQS does not do what it is asked: EndpointConnectionError")
        self.asked += names
        return [
            QueueCondition(
                queue=name,
                visibility_timeout=self.visibility_timeout,
                retention=1,
                dead_letters="d",
                dead_letter_retention=1,
                expected_dead_letters="d",
            )
            for name in names
        ]


def no_pause(_: float) -> None:
    raise AssertionError("there was nothing to wait for")


def test_queues_that_will_do_let_a_worker_begin() -> None:
    account = Account()

    require_queues(account, [Queue.SEND_SMS, Queue.RETRY], no_pause)

    assert account.asked == [Queue.SEND_SMS, Queue.RETRY]


def test_a_queue_that_will_not_do_is_refused_with_a_sentence_for_each() -> None:
    with pytest.raises(ConfigurationError) as refused:
        require_queues(Account(visibility_timeout=30), [Queue.SEND_SMS, Queue.RETRY], no_pause)

    assert str(refused.value).count("set VisibilityTimeout to 56 or more, it is 30") == 2


def test_an_outage_is_waited_for_ever_more_patiently() -> None:
    pauses: list[float] = []

    require_queues(Account(calls_in_vain=6), [Queue.SEND_SMS], pauses.append)

    assert pauses == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
