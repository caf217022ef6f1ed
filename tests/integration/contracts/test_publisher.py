"""What every `Publisher` keeps to: in memory, on the SQS simulator, and on moto's SQS."""

from __future__ import annotations

import base64
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import boto3
import pytest
from attrs import evolve, frozen

from notify_adapters.embedded import free_port
from notify_adapters.embedded.aws import EmbeddedAws
from notify_adapters.memory import FixedClock
from notify_adapters.memory.publisher import MemoryPublisher
from notify_adapters.sqs import QueueAddresses, QueueAdmin, SqsPublisher
from notify_core.outbox.model import Queue, Task, TaskMessage
from notify_core.outbox.ports import Publisher, QueuesUnavailable
from tests.integration.simulator import a_simulator

REGION, ACCOUNT = "eu-west-1", "123456789012"
QUEUES = (Queue.SEND_SMS, Queue.SEND_EMAIL)

# What arrives: the task and what it is about, on which queue.
Arrived = tuple[str, tuple[UUID, ...], Queue]


@frozen(kw_only=True)
class Setting:
    """A publisher, and the world around it."""

    publisher: Publisher
    receive: Callable[[], list[Arrived]]
    pass_time: Callable[[timedelta], None]
    unreachable: Callable[[], Publisher]


def in_memory() -> Setting:
    clock = FixedClock()
    publisher = MemoryPublisher(clock)

    def receive() -> list[Arrived]:
        arrived = []
        while (message := publisher.receive()) is not None:
            arrived.append((str(message.task), message.subject_ids, message.queue))
        return arrived

    def unreachable() -> Publisher:
        publisher.available = False
        return publisher

    return Setting(publisher=publisher, receive=receive, pass_time=clock.advance, unreachable=unreachable)


def on_sqs(url: str) -> Setting:
    prefix = f"{uuid4().hex[:8]}-"
    where: dict[str, Any] = {"region": REGION, "account_id": ACCOUNT, "prefix": prefix}
    QueueAdmin(endpoint_url=url, **where).ensure(QUEUES)
    addresses = QueueAddresses(endpoint_url=url, **where)
    client = boto3.client("sqs", region_name=REGION, endpoint_url=url)

    def receive() -> list[Arrived]:
        arrived: list[Arrived] = []
        for queue in QUEUES:
            while received := client.receive_message(
                QueueUrl=addresses.url(queue), MaxNumberOfMessages=10, WaitTimeSeconds=0
            ).get("Messages"):
                arrived += [(*opened(message["Body"]), queue) for message in received]
        return arrived

    return Setting(
        publisher=SqsPublisher(endpoint_url=url, message_groups=True, **where),
        receive=receive,
        pass_time=lambda duration: time.sleep(duration.total_seconds()),
        unreachable=lambda: SqsPublisher(
            endpoint_url=f"http://127.0.0.1:{free_port()}", message_groups=True, **where
        ),
    )


def opened(body: str) -> tuple[str, tuple[UUID, ...]]:
    """Read a message as Celery would."""
    envelope = json.loads(base64.b64decode(body))
    ((ids,), _, _) = json.loads(base64.b64decode(envelope["body"]))
    return envelope["headers"]["task"], tuple(UUID(one) for one in ids)


@pytest.fixture(scope="module")
def simulator_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with a_simulator("sqs", logs=tmp_path_factory.mktemp("sqs")) as simulator:
        yield simulator.url


@pytest.fixture(scope="module")
def moto_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedAws(free_port(), tmp_path_factory.mktemp("moto") / "log") as aws:
        yield aws.url


@pytest.fixture(params=["memory", "simulator", "moto"])
def setting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Setting:
    if request.param == "memory":
        return in_memory()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return on_sqs(request.getfixturevalue(f"{request.param}_url"))


def message(queue: Queue = Queue.SEND_SMS, task: Task = Task.DELIVER_SMS, subjects: int = 1) -> TaskMessage:
    ids = tuple(uuid4() for _ in range(subjects))
    return TaskMessage(task=task, queue=queue, subject_ids=ids, entry_ids=ids, group=uuid4())


def expected(*messages: TaskMessage) -> Counter[Arrived]:
    return Counter((str(one.task), one.subject_ids, one.queue) for one in messages)


def test_what_is_published_arrives(setting: Setting) -> None:
    sent = message(subjects=25)

    assert list(setting.publisher.publish([sent])) == []

    assert Counter(setting.receive()) == expected(sent)


def test_many_messages_arrive_each_on_its_queue(setting: Setting) -> None:
    texts = [message() for _ in range(23)]
    emails = [message(Queue.SEND_EMAIL, Task.DELIVER_EMAIL) for _ in range(11)]

    assert list(setting.publisher.publish([*texts, *emails])) == []

    assert Counter(setting.receive()) == expected(*texts, *emails)


def test_a_message_without_a_group_arrives(setting: Setting) -> None:
    sent = evolve(message(), group=None)

    setting.publisher.publish([sent])

    assert Counter(setting.receive()) == expected(sent)


def test_a_delayed_message_arrives_when_its_delay_is_over(setting: Setting) -> None:
    at_once, later = message(), evolve(message(), delay=timedelta(seconds=2))

    setting.publisher.publish([at_once, later])

    assert Counter(setting.receive()) == expected(at_once)
    setting.pass_time(timedelta(seconds=2.2))
    assert Counter(setting.receive()) == expected(later)


def test_publishing_nothing_is_allowed(setting: Setting) -> None:
    assert list(setting.publisher.publish([])) == []


def test_a_broker_that_cannot_be_reached_is_told(setting: Setting) -> None:
    with pytest.raises(QueuesUnavailable):
        setting.unreachable().publish([message(), message(Queue.SEND_EMAIL)])
