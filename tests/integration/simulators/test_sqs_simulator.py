"""The SQS simulator through boto3."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from notify_adapters.simulators.client import SimulatorClient


@pytest.fixture(scope="module")
def shared_simulator(start_simulator: Callable[..., SimulatorClient]) -> SimulatorClient:
    return start_simulator("sqs")


@pytest.fixture
def simulator(shared_simulator: SimulatorClient) -> SimulatorClient:
    """An SQS without queues and faults."""
    for resource in ("faults", "queues"):
        with urlopen(Request(f"{shared_simulator.url}/_simulator/{resource}", method="DELETE"), timeout=30):
            pass
    return shared_simulator


@pytest.fixture(scope="module")
def shared_client(shared_simulator: SimulatorClient) -> Iterator[Any]:
    client = boto3.client(
        "sqs",
        endpoint_url=shared_simulator.url,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
    yield client
    client.close()


@pytest.fixture
def sqs(simulator: SimulatorClient, shared_client: Any) -> Any:
    """A client of an SQS without queues."""
    return shared_client


@pytest.fixture
def queue(sqs: Any) -> str:
    url: str = sqs.create_queue(QueueName="queue")["QueueUrl"]
    return url


def order_faults(simulator: SimulatorClient, **faults: object) -> None:
    request = Request(f"{simulator.url}/_simulator/faults", data=json.dumps(faults).encode(), method="PUT")
    with urlopen(request, timeout=30):
        pass


def depth(sqs: Any, queue: str) -> tuple[int, int, int]:
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    prefix = "ApproximateNumberOfMessages"
    ready, in_flight, delayed = (int(attributes[prefix + kind]) for kind in ("", "NotVisible", "Delayed"))
    return ready, in_flight, delayed


def bodies(answer: dict[str, Any]) -> list[str]:
    return [message["Body"] for message in answer.get("Messages", [])]


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_a_message_is_received_with_all_that_was_sent(sqs: Any, queue: str) -> None:
    attributes = {
        "one": {"DataType": "String", "StringValue": "value £"},
        "two": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
    }
    sent = sqs.send_message(
        QueueUrl=queue, MessageBody="body £", MessageAttributes=attributes, MessageGroupId="service-1"
    )

    (message,) = sqs.receive_message(
        QueueUrl=queue, MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"]
    )["Messages"]

    assert message["Body"] == "body £"
    assert message["MessageId"] == sent["MessageId"]
    assert message["MD5OfBody"] == sent["MD5OfMessageBody"]
    assert message["MessageAttributes"] == attributes
    # The checksum of these attributes as moto, and so AWS's documentation, computes it.
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert message["Attributes"]["MessageGroupId"] == "service-1"


def test_a_received_message_is_hidden_until_deleted_or_its_time_is_over(sqs: Any, queue: str) -> None:
    for body in ("kept", "deleted"):
        sqs.send_message(QueueUrl=queue, MessageBody=body)

    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=1)["Messages"]
    handles = {message["Body"]: message["ReceiptHandle"] for message in messages}
    assert depth(sqs, queue) == (0, 2, 0)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=handles["deleted"])
    again = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5, AttributeNames=["ApproximateReceiveCount"])

    assert bodies(again) == ["kept"]
    assert again["Messages"][0]["Attributes"] == {"ApproximateReceiveCount": "2"}
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=handles["kept"])  # an old handle: no effect
    assert depth(sqs, queue) == (0, 1, 0)


def test_visibility_can_be_changed(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="one")
    handle = sqs.receive_message(QueueUrl=queue)["Messages"][0]["ReceiptHandle"]

    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=0)

    assert bodies(sqs.receive_message(QueueUrl=queue)) == ["one"]
    with pytest.raises(ClientError) as error:
        sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=0)
    assert code_of(error) == "AWS.SimpleQueueService.MessageNotInflight"
    with pytest.raises(sqs.exceptions.ReceiptHandleIsInvalid):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle="nonsense")


def test_a_delayed_message_waits_and_wakes_a_long_poll(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="later", DelaySeconds=2)
    started = time.monotonic()

    assert depth(sqs, queue) == (0, 0, 1)
    assert bodies(sqs.receive_message(QueueUrl=queue)) == []
    assert bodies(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)) == ["later"]
    assert 1.9 < time.monotonic() - started < 15


def test_a_long_poll_ends_when_a_message_comes(sqs: Any, queue: str) -> None:
    sender = threading.Timer(0.1, sqs.send_message, kwargs={"QueueUrl": queue, "MessageBody": "now"})
    sender.start()
    started = time.monotonic()

    assert bodies(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)) == ["now"]
    assert time.monotonic() - started < 8
    sender.join()


def test_a_long_poll_whose_client_has_gone_takes_nothing(sqs: Any, queue: str, simulator: Any) -> None:
    with pytest.raises(TimeoutError):
        urlopen(
            Request(
                simulator.url,
                data=json.dumps({"QueueUrl": queue, "WaitTimeSeconds": 20}).encode(),
                headers={"X-Amz-Target": "AmazonSQS.ReceiveMessage"},
            ),
            timeout=0.1,
        )
    time.sleep(0.5)

    sqs.send_message(QueueUrl=queue, MessageBody="for whoever is there")

    assert bodies(sqs.receive_message(QueueUrl=queue)) == ["for whoever is there"]


def test_batches_say_for_each_entry_how_it_went(sqs: Any, queue: str) -> None:
    answer = sqs.send_message_batch(
        QueueUrl=queue,
        Entries=[
            {"Id": "good", "MessageBody": "one"},
            {"Id": "bad", "MessageBody": "two", "DelaySeconds": 901},
        ],
    )
    assert [entry["Id"] for entry in answer["Successful"]] == ["good"]
    assert [(entry["Id"], entry["SenderFault"]) for entry in answer["Failed"]] == [("bad", True)]

    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    handle = message["ReceiptHandle"]
    changed = sqs.change_message_visibility_batch(
        QueueUrl=queue, Entries=[{"Id": "a", "ReceiptHandle": handle, "VisibilityTimeout": 60}]
    )
    deleted = sqs.delete_message_batch(
        QueueUrl=queue,
        Entries=[{"Id": "a", "ReceiptHandle": handle}, {"Id": "b", "ReceiptHandle": "nonsense"}],
    )
    assert [entry["Id"] for entry in changed["Successful"]] == ["a"]
    assert [entry["Id"] for entry in deleted["Successful"]] == ["a"]
    assert deleted["Failed"][0]["Code"] == "ReceiptHandleIsInvalid"
    assert depth(sqs, queue) == (0, 0, 0)


@pytest.mark.parametrize(
    ("ids", "code"),
    [
        ([], "EmptyBatchRequest"),
        ([str(number) for number in range(11)], "TooManyEntriesInBatchRequest"),
        (["same", "same"], "BatchEntryIdsNotDistinct"),
        (["a b"], "InvalidBatchEntryId"),
    ],
)
def test_senseless_batches_are_refused(sqs: Any, queue: str, ids: list[str], code: str) -> None:
    with pytest.raises(ClientError) as error:
        sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": one, "MessageBody": "x"} for one in ids])

    assert code_of(error) == f"AWS.SimpleQueueService.{code}"


def test_messages_that_are_too_big_are_refused(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x" * 262_144)
    with pytest.raises(ClientError) as error:
        sqs.send_message(QueueUrl=queue, MessageBody="x" * 262_145)
    assert code_of(error) == "InvalidParameterValue"

    with pytest.raises(ClientError) as error:
        sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": one, "MessageBody": "x" * 140_000} for one in "ab"])
    assert code_of(error) == "AWS.SimpleQueueService.BatchRequestTooLong"


def test_queues_are_created_found_listed_and_deleted(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="prefix-a", Attributes={"VisibilityTimeout": "77"})["QueueUrl"]
    sqs.create_queue(QueueName="other")

    assert sqs.create_queue(QueueName="prefix-a")["QueueUrl"] == url
    assert sqs.get_queue_url(QueueName="prefix-a")["QueueUrl"] == url
    assert sqs.list_queues(QueueNamePrefix="prefix-")["QueueUrls"] == [url]
    with pytest.raises(sqs.exceptions.QueueNameExists):
        sqs.create_queue(QueueName="prefix-a", Attributes={"VisibilityTimeout": "78"})
    with pytest.raises(ClientError, match="standard queue"):
        sqs.create_queue(QueueName="ordered.fifo")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "78"})
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    assert attributes == {"VisibilityTimeout": "78"}

    sqs.delete_queue(QueueUrl=url)
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as error:
        sqs.send_message(QueueUrl=url, MessageBody="x")
    assert code_of(error) == "AWS.SimpleQueueService.NonExistentQueue"


def test_queues_can_be_made_when_they_are_first_used(start_simulator: Any) -> None:
    url = start_simulator("sqs", "--create-on-use").url
    client = boto3.client(
        "sqs",
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    queue = f"{url}/123456789012/new"

    client.send_message(QueueUrl=queue, MessageBody="one")

    assert bodies(client.receive_message(QueueUrl=queue)) == ["one"]
    client.close()


def test_a_message_nobody_can_handle_becomes_a_dead_letter(sqs: Any, queue: str) -> None:
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": policy})
    sent = sqs.send_message(QueueUrl=queue, MessageBody="poison")

    received = [bodies(sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0)) for _ in range(3)]

    assert received == [["poison"], ["poison"], []]
    assert sqs.receive_message(QueueUrl=dead)["Messages"][0]["MessageId"] == sent["MessageId"]
    assert depth(sqs, queue) == (0, 0, 0)


def test_purging_removes_everything(sqs: Any, queue: str) -> None:
    for delay in (0, 0, 60):
        sqs.send_message(QueueUrl=queue, MessageBody="x", DelaySeconds=delay)
    sqs.receive_message(QueueUrl=queue)

    sqs.purge_queue(QueueUrl=queue)

    assert depth(sqs, queue) == (0, 0, 0)
    assert bodies(sqs.receive_message(QueueUrl=queue)) == []


def test_duplicates_can_be_ordered(sqs: Any, queue: str, simulator: SimulatorClient) -> None:
    order_faults(simulator, duplicate_probability=1)
    sent = sqs.send_message(QueueUrl=queue, MessageBody="twice")

    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]

    assert [message["MessageId"] for message in messages] == [sent["MessageId"]] * 2
    assert len({message["ReceiptHandle"] for message in messages}) == 2


def test_disorder_and_delay_can_be_ordered(sqs: Any, queue: str, simulator: SimulatorClient) -> None:
    order_faults(simulator, reorder=True, extra_delay=3)
    for number in range(10):
        sqs.send_message_batch(
            QueueUrl=queue, Entries=[{"Id": str(one), "MessageBody": str(number * 10 + one)} for one in range(10)]
        )
    assert depth(sqs, queue)[0] == 0
    received: list[str] = []
    while len(received) < 100:
        received += bodies(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5, MaxNumberOfMessages=3))

    assert received != sorted(received, key=int)
    assert sorted(received, key=int) == [str(number) for number in range(100)]


@pytest.mark.parametrize("outage", ["error", "drop"])
def test_an_outage_lasts_as_long_as_ordered(sqs: Any, queue: str, simulator: SimulatorClient, outage: str) -> None:
    order_faults(simulator, outage=outage, seconds=1)

    with pytest.raises((ClientError, ConnectionClosedError)):
        sqs.send_message(QueueUrl=queue, MessageBody="x")
    time.sleep(1.05)

    sqs.send_message(QueueUrl=queue, MessageBody="x")
    assert depth(sqs, queue)[0] == 1


def test_answers_can_be_lost_after_the_work_is_done(sqs: Any, queue: str, simulator: SimulatorClient) -> None:
    order_faults(simulator, lost_send_probability=1, drop_receive_probability=1)

    with pytest.raises(ConnectionClosedError):
        sqs.send_message(QueueUrl=queue, MessageBody="x")
    assert depth(sqs, queue) == (1, 0, 0)
    with pytest.raises(ConnectionClosedError):
        sqs.receive_message(QueueUrl=queue)
    assert depth(sqs, queue) == (0, 1, 0)


@pytest.mark.parametrize("faults", [{"outage": "sometimes"}, {"duplicate_probability": 2}, {"unknown": 1}])
def test_senseless_faults_are_refused(simulator: SimulatorClient, faults: dict[str, object]) -> None:
    with pytest.raises(HTTPError) as refusal:
        order_faults(simulator, **faults)

    assert refusal.value.code == 400
    refusal.value.close()


def test_counts_tell_what_was_called(sqs: Any, queue: str, simulator: SimulatorClient) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    message = sqs.receive_message(QueueUrl=queue)["Messages"][0]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

    counts = simulator.counts()
    assert counts["messages"] == {"sent": 1, "received": 1, "deleted": 1}
    assert counts["calls"]["SendMessage"] == 1
    assert counts["queues"] == {"queue": {"ready": 0, "in_flight": 0, "delayed": 0}}


# Fair queues


def send_grouped(sqs: Any, queue: str, group: str, *texts: str) -> None:
    for text in texts:
        sqs.send_message(QueueUrl=queue, MessageBody=text, MessageGroupId=group)


def test_a_quiet_group_is_served_before_a_backlog(sqs: Any, queue: str) -> None:
    send_grouped(sqs, queue, "busy", "b1", "b2", "b3", "b4")
    assert bodies(sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=2)) == ["b1", "b2"]
    send_grouped(sqs, queue, "quiet", "q1", "q2")
    sqs.send_message(QueueUrl=queue, MessageBody="nobody's")

    rest = bodies(sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10))

    assert rest == ["q1", "nobody's", "q2", "b3", "b4"]


def test_a_group_whose_messages_are_done_is_quiet_again(sqs: Any, queue: str) -> None:
    send_grouped(sqs, queue, "one", "a1", "a2", "a3")
    taken = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=2)["Messages"]
    send_grouped(sqs, queue, "two", "b1")
    for message in taken:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

    assert bodies(sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=1)) == ["a3"]


def test_fairness_can_be_switched_off(start_simulator: Callable[..., SimulatorClient]) -> None:
    simulator = start_simulator("sqs", "--unfair", "--queue=first-come")
    sqs = boto3.client(
        "sqs",
        endpoint_url=simulator.url,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    queue = sqs.get_queue_url(QueueName="first-come")["QueueUrl"]
    send_grouped(sqs, queue, "busy", "b1", "b2", "b3")
    sqs.receive_message(QueueUrl=queue)
    send_grouped(sqs, queue, "quiet", "q1")

    assert bodies(sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)) == ["b2", "b3", "q1"]
