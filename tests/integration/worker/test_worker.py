"""Real worker processes on a broker that misbehaves: nothing that was published is lost."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import pytest

from notify_core.outbox.model import Queue, Task, TaskMessage

if TYPE_CHECKING:
    from tests.integration.worker.conftest import Broker, RecordingWorker

    StartWorker = Callable[..., RecordingWorker]


def test_what_the_publisher_sends_is_what_the_worker_does(broker: Broker, start_worker: StartWorker) -> None:
    ids = tuple(uuid4() for _ in range(30))
    worker = start_worker(Queue.SEND_SMS)

    broker.publisher.publish(
        [TaskMessage(task=Task.DELIVER_SMS, queue=Queue.SEND_SMS, subject_ids=ids, entry_ids=ids, group=uuid4())]
    )

    worker.wait_for("done", ids)
    assert worker.noted("done") == [str(one) for one in ids]
    broker.wait_until_empty(Queue.SEND_SMS)


def test_a_worker_of_all_queues_starts_a_task_at_once_whichever_queue_it_comes_on(
    broker: Broker, start_worker: StartWorker
) -> None:
    """With kombu alone, ten queues are polled at a time, and the others wait for up to ten seconds."""
    worker = start_worker()
    worker.wait_for("done", broker.publish(Task.DELIVER_SMS))
    delays = []
    for queue in Queue:
        published_at = time.monotonic()
        worker.wait_for("done", broker.publish(Task.DELIVER_SMS, queue=queue))
        delays.append(time.monotonic() - published_at)

    assert statistics.median(delays) < 2


def test_a_worker_serves_only_the_queues_it_was_given(broker: Broker, start_worker: StartWorker) -> None:
    worker = start_worker(Queue.SEND_SMS)
    broker.publish(Task.DELIVER_SMS, queue=Queue.JOBS)

    worker.wait_for("done", broker.publish(Task.DELIVER_SMS, queue=Queue.SEND_SMS))

    assert broker.waiting(Queue.JOBS) == (1, 0, 0)


@pytest.mark.parametrize(("queue", "most"), [(Queue.JOBS, 2), (Queue.SEND_SMS, 3)])
def test_a_worker_takes_no_more_than_it_can_do_and_one_more_of_what_is_soon_done(
    broker: Broker, start_worker: StartWorker, queue: Queue, most: int
) -> None:
    worker = start_worker(queue, TASK_SECONDS="1", CONCURRENCY="2")
    ids = broker.publish(Task.DELIVER_SMS, count=8, queue=queue)
    worker.wait_for("began", ids[:1])

    in_flight = set()
    while len(worker.noted("done")) < 4:
        in_flight.add(broker.waiting(queue)[1])
        time.sleep(0.05)
    assert max(in_flight) == most

    worker.wait_for("done", ids)


def test_nothing_is_taken_beforehand_while_something_takes_long(broker: Broker, start_worker: StartWorker) -> None:
    """It would wait for that, though another worker could begin it."""
    worker = start_worker(Queue.JOBS, Queue.SEND_SMS, TASK_SECONDS="2", CONCURRENCY="1")
    long = broker.publish(Task.DELIVER_SMS, queue=Queue.JOBS)
    worker.wait_for("began", long)
    # The question that was on its way when the slot was taken is answered by the first of these.
    first = broker.publish(Task.DELIVER_SMS)
    worker.wait_until(lambda: broker.waiting(Queue.SEND_SMS)[1] == 1)
    others = broker.publish(Task.DELIVER_SMS, count=3)
    while not worker.noted("done"):
        assert broker.waiting(Queue.SEND_SMS)[1] == 1
        time.sleep(0.05)

    worker.wait_for("done", [*long, *first, *others])


def test_a_task_that_fails_comes_back_and_ends_in_the_dead_letter_queue(
    broker: Broker, start_worker: StartWorker
) -> None:
    worker = start_worker(Queue.SEND_SMS)
    (poisoned,) = broker.publish(Task.DELIVER_EMAIL)
    ids = broker.publish(Task.DELIVER_SMS, count=20)

    worker.wait_for("done", ids)
    broker_has = f"{Queue.SEND_SMS}-dead-letter"
    deadline = time.monotonic() + 30
    while broker.waiting(broker_has) != (1, 0, 0):
        assert time.monotonic() < deadline
        time.sleep(0.1)

    assert worker.noted("failed") == [str(poisoned)] * 3
    assert broker.waiting(Queue.SEND_SMS) == (0, 0, 0)


def test_a_task_without_database_waits_in_the_broker(broker: Broker, start_worker: StartWorker) -> None:
    worker = start_worker(Queue.SEND_SMS)
    ids = broker.publish(Task.SIMULATE_RECEIPT)

    worker.wait_for("done", ids)

    assert len(worker.noted("tried")) == 3
    broker.wait_until_empty(Queue.SEND_SMS)


@pytest.mark.parametrize("enabled", ["1", "0"])
def test_a_postponed_task_still_belongs_to_its_service(
    broker: Broker, start_worker: StartWorker, enabled: str
) -> None:
    """Without its group, a retry of a busy service would count as nobody's, and go before quiet services."""
    worker = start_worker(Queue.SEND_SMS, ENABLE_SQS_MESSAGE_GROUP_IDS=enabled)
    one, group = uuid4(), uuid4()
    task = TaskMessage(
        task=Task.SIMULATE_RECEIPT, queue=Queue.SEND_SMS, subject_ids=(one,), entry_ids=(one,), group=group
    )
    broker.publisher.publish([task])
    worker.wait_until(lambda: len(worker.noted("tried")) == 1)
    worker.wait_until(lambda: broker.waiting(Queue.SEND_SMS) == (0, 0, 1))
    worker.kill()

    sqs = boto3.client("sqs", region_name="eu-west-1", endpoint_url=broker.url)
    url = sqs.get_queue_url(QueueName=f"{broker.prefix}{Queue.SEND_SMS}")["QueueUrl"]
    (postponed,) = sqs.receive_message(QueueUrl=url, AttributeNames=["All"], WaitTimeSeconds=5)["Messages"]

    assert postponed["Attributes"].get("MessageGroupId") == (str(group) if enabled == "1" else None)


def test_a_task_that_no_worker_knows_is_kept(broker: Broker, start_worker: StartWorker) -> None:
    """As during a release, when old workers see new tasks."""
    worker = start_worker(Queue.SEND_SMS)
    unknown = TaskMessage(
        task="from-the-future",  # type: ignore[arg-type]  # none of ours: that is the point
        queue=Queue.SEND_SMS,
        subject_ids=(uuid4(),),
        entry_ids=(uuid4(),),
    )
    broker.publisher.publish([unknown])

    worker.wait_for("done", broker.publish(Task.DELIVER_SMS))

    # What is done is removed a moment later; what is kept is there for good.
    worker.wait_until(lambda: sum(broker.waiting(Queue.SEND_SMS)) < 2)
    assert sum(broker.waiting(Queue.SEND_SMS)) == 1


def test_a_task_whose_worker_is_killed_is_done_by_the_next(broker: Broker, start_worker: StartWorker) -> None:
    first = start_worker(Queue.SEND_SMS, TASK_SECONDS="60")
    ids = broker.publish(Task.DELIVER_SMS, count=2)
    first.wait_for("began", ids)

    first.kill()
    first.wait_until_all_are_dead()
    second = start_worker(Queue.SEND_SMS)

    second.wait_for("done", ids)
    assert sorted(second.noted("done")) == sorted(str(one) for one in ids)
    broker.wait_until_empty(Queue.SEND_SMS)


def test_a_worker_that_is_told_to_stop_finishes_what_it_is_doing(broker: Broker, start_worker: StartWorker) -> None:
    worker = start_worker(Queue.SEND_SMS, TASK_SECONDS="1")
    ids = broker.publish(Task.DELIVER_SMS, count=2)
    worker.wait_for("began", ids)

    worker.child.stop()

    assert worker.child.process is not None
    assert worker.child.process.returncode == 0
    assert sorted(worker.noted("done")) == sorted(str(one) for one in ids)
    assert len(worker.noted("closed")) == len(worker.processes())
    assert worker.living() == set()
    assert broker.waiting(Queue.SEND_SMS) == (0, 0, 0)


@pytest.mark.parametrize("outage", ["error", "drop"])
def test_a_worker_survives_an_outage_of_the_broker(
    broker: Broker, start_worker: StartWorker, outage: str, tmp_path: Path
) -> None:
    worker = start_worker(Queue.SEND_SMS, Queue.RETRY)
    worker.wait_for("done", broker.publish(Task.DELIVER_SMS))

    broker.order({"outage": outage})
    time.sleep(2)
    broker.order({})
    ids = broker.publish(Task.DELIVER_SMS, count=20)

    worker.wait_for("done", ids)
    broker.wait_until_empty(Queue.SEND_SMS)
    (log,) = tmp_path.glob("worker-*.log")
    assert log.read_text().count("Polling send-sms-tasks fails") <= 1


def test_an_outage_while_tasks_run_loses_none(broker: Broker, start_worker: StartWorker) -> None:
    worker = start_worker(Queue.SEND_SMS, TASK_SECONDS="0.5")
    ids = broker.publish(Task.DELIVER_SMS, count=6)
    worker.wait_for("began", ids[:1])

    broker.order({"outage": "drop", "seconds": 2})

    worker.wait_for("done", ids)
    broker.wait_until_empty(Queue.SEND_SMS)


def test_a_full_worker_does_not_spin(broker: Broker, start_worker: StartWorker) -> None:
    """With kombu alone it asks again and again while every slot is taken."""
    worker = start_worker(Queue.SEND_SMS, TASK_SECONDS="2", CONCURRENCY="2")
    ids = broker.publish(Task.DELIVER_SMS, count=4)
    worker.wait_until(lambda: len(worker.noted("began")) == 2)
    used, seconds = processor_seconds(worker.child.pid), 1.0
    time.sleep(seconds)

    assert processor_seconds(worker.child.pid) - used < seconds / 4
    worker.wait_for("done", ids)


def processor_seconds(pid: int) -> float:
    """Return how much processor time the process itself has used. Linux only."""
    status = Path(f"/proc/{pid}/stat")
    if not status.exists():
        pytest.skip("this system does not tell how busy a process is")
    values = status.read_text().rpartition(")")[2].split()
    return (int(values[11]) + int(values[12])) / 100
