from __future__ import annotations

import pytest

from notify_core.errors import ConfigurationError
from notify_core.outbox.model import Queue
from notify_core.outbox.worker_types import EVERY_QUEUE, WORKER_TYPES, queues_for


def test_there_are_nineteen_queues_of_our_own() -> None:
    assert len(Queue) == 19


def test_the_plain_worker_serves_every_queue() -> None:
    assert set(queues_for(EVERY_QUEUE)) == set(Queue)


def test_the_specialised_workers_together_serve_every_queue_exactly_once() -> None:
    served = [queue for name, queues in WORKER_TYPES.items() if name != EVERY_QUEUE for queue in queues]

    assert sorted(served) == sorted(Queue)


def test_the_senders_serve_texts_and_emails() -> None:
    assert queues_for("api-worker-sender") == (Queue.SEND_SMS, Queue.SEND_EMAIL)


def test_an_unknown_type_of_worker_is_refused_with_a_list_of_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match="api-worker-sender: send-sms-tasks, send-email-tasks"):
        queues_for("api-worker-nonsense")
