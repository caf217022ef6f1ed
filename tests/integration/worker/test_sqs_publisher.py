"""What is particular about publishing to SQS, and about its queues."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import pytest
from attrs import evolve

from notify_adapters.sqs import QueueAddresses, QueueAdmin, QueueDepth, SqsPublisher
from notify_core.outbox.model import Queue, Task, TaskMessage
from notify_core.outbox.ports import QueuesUnavailable

if TYPE_CHECKING:
    from tests.integration.worker.conftest import Broker

REGION, ACCOUNT = "eu-west-1", "123456789012"
NEW_QUEUES = ["one", "two"]


def message(queue: Queue = Queue.SEND_SMS) -> TaskMessage:
    one = uuid4()
    return TaskMessage(task=Task.DELIVER_SMS, queue=queue, subject_ids=(one,), entry_ids=(one,), group=uuid4())


def admin_of(broker: Broker, prefix: str) -> QueueAdmin:
    return QueueAdmin(region=REGION, endpoint_url=broker.url, account_id=ACCOUNT, prefix=prefix)


def publisher_of(broker: Broker, prefix: str, told: list[str], *, message_groups: bool = True) -> SqsPublisher:
    return SqsPublisher(
        region=REGION,
        endpoint_url=broker.url,
        account_id=ACCOUNT,
        prefix=prefix,
        message_groups=message_groups,
        on_trouble=told.append,
    )


def test_what_one_queue_refuses_does_not_keep_the_others_from_getting_theirs(broker: Broker) -> None:
    prefix, told = f"{uuid4().hex[:8]}-", list[str]()
    admin = admin_of(broker, prefix)
    admin.ensure([Queue.SEND_SMS])
    texts = [message() for _ in range(12)]
    homeless = [message(Queue.SEND_EMAIL) for _ in range(3)]

    refused = publisher_of(broker, prefix, told).publish([*texts, *homeless])

    assert set(refused) == set(homeless)
    assert admin.depths([Queue.SEND_SMS])[Queue.SEND_SMS].visible == 12
    assert [trouble.partition(":")[0] for trouble in told] == ["send-email-tasks"]


def test_a_message_that_sqs_refuses_is_returned_and_the_others_are_not(broker: Broker) -> None:
    told = list[str]()
    fine, wrong = message(), evolve(message(), delay=timedelta(hours=1))

    refused = publisher_of(broker, broker.prefix, told).publish([fine, wrong])

    assert list(refused) == [wrong]
    assert told
    assert broker.waiting(Queue.SEND_SMS) == (1, 0, 0)


@pytest.mark.parametrize("outage", ["error", "drop"])
def test_a_broker_that_is_out_of_order_is_told(broker: Broker, outage: str) -> None:
    broker.order({"outage": outage})

    with pytest.raises(QueuesUnavailable):
        broker.publisher.publish([message() for _ in range(25)])
    with pytest.raises(QueuesUnavailable):
        broker.admin.ping()


@pytest.mark.parametrize("message_groups", [True, False])
def test_the_group_is_told_to_sqs_when_the_operator_wants_it(broker: Broker, message_groups: bool) -> None:
    sent = message()
    publisher_of(broker, broker.prefix, [], message_groups=message_groups).publish([sent])
    url = QueueAddresses(region=REGION, endpoint_url=broker.url, account_id=ACCOUNT, prefix=broker.prefix).url(
        Queue.SEND_SMS
    )

    client = boto3.client("sqs", region_name=REGION, endpoint_url=broker.url)
    (received,) = client.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"]

    assert received["Attributes"].get("MessageGroupId") == (str(sent.group) if message_groups else None)


def test_a_publisher_works_on_both_sides_of_a_fork(broker: Broker) -> None:
    publisher = broker.publisher
    publisher.publish([message() for _ in range(20)])
    publisher.close()

    child = os.fork()
    if child == 0:
        try:
            refused = publisher.publish([message() for _ in range(20)])
            os._exit(len(refused))
        finally:
            os._exit(100)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert list(publisher.publish([message() for _ in range(20)])) == []
    assert broker.waiting(Queue.SEND_SMS)[0] == 60


def test_missing_queues_are_created_with_their_dead_letter_queues(broker: Broker) -> None:
    prefix = f"{uuid4().hex[:8]}-"
    admin = admin_of(broker, prefix)

    assert admin.ensure(NEW_QUEUES, visibility_timeout_seconds=77, max_receives=5) == NEW_QUEUES
    assert admin.ensure([*NEW_QUEUES, "three"]) == ["three"]

    client = boto3.client("sqs", region_name=REGION, endpoint_url=broker.url)
    url = QueueAddresses(region=REGION, endpoint_url=broker.url, account_id=ACCOUNT, prefix=prefix).url("one")
    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["VisibilityTimeout"] == "77"
    redrive = json.loads(attributes["RedrivePolicy"])
    assert redrive["deadLetterTargetArn"].endswith(f":{prefix}one-dead-letter")
    assert int(redrive["maxReceiveCount"]) == 5


def test_the_depth_of_queues(broker: Broker) -> None:
    broker.publisher.publish([message(), message(), evolve(message(), delay=timedelta(seconds=60))])

    assert broker.admin.depths([Queue.SEND_SMS, Queue.RETRY, "no-such-queue"]) == {
        Queue.SEND_SMS: QueueDepth(visible=2, in_flight=0, delayed=1),
        Queue.RETRY: QueueDepth(visible=0, in_flight=0, delayed=0),
    }


def test_a_broker_that_answers_is_well(broker: Broker) -> None:
    broker.admin.ping()
