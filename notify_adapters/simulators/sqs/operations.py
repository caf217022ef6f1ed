"""What each call does: AWS's parameters in, AWS's answer out, or an SqsRefusal.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from attrs import define, field

from notify_adapters.simulators.sqs.attributes import checksum, chosen, size_of
from notify_adapters.simulators.sqs.errors import (
    QUERY_PREFIX,
    SqsRefusal,
    batch_refusal,
    invalid_handle,
    invalid_value,
    missing,
)
from notify_adapters.simulators.sqs.faults import Faults
from notify_adapters.simulators.sqs.queue import Message, Queue, State
from notify_adapters.simulators.sqs.queues import ACCOUNT, Queues

LARGEST_BATCH = 10
LONGEST_DELAY = 900
LONGEST_WAIT = 20
LONGEST_VISIBILITY = 43_200

Parameters = Mapping[str, Any]
Answer = dict[str, Any]
EntryOperation = Callable[[Queue, Parameters], Answer]


@define
class Operations:
    """The calls, by AWS's names. `base_url` is how clients reach the simulator, for queue URLs."""

    queues: Queues
    faults: Faults = field(factory=Faults)
    base_url: str = ""
    messages: Counter[str] = field(factory=Counter)
    _immediate: dict[str, Callable[[Parameters], Answer]] = field(init=False)

    def immediate(self, name: str) -> Callable[[Parameters], Answer] | None:
        """Return the call of this name, unless it is unknown or may have to wait."""
        return self._immediate.get(name)

    def __attrs_post_init__(self) -> None:
        self._immediate = {
            "SendMessage": self.send_message,
            "DeleteMessage": self.delete_message,
            "DeleteMessageBatch": self.delete_message_batch,
            "SendMessageBatch": self.send_message_batch,
            "ChangeMessageVisibility": self.change_message_visibility,
            "ChangeMessageVisibilityBatch": self.change_message_visibility_batch,
            "GetQueueAttributes": self.get_queue_attributes,
            "SetQueueAttributes": self.set_queue_attributes,
            "GetQueueUrl": self.get_queue_url,
            "CreateQueue": self.create_queue,
            "ListQueues": self.list_queues,
            "DeleteQueue": self.delete_queue,
            "PurgeQueue": self.purge_queue,
        }

    def create_queue(self, asked: Parameters) -> Answer:
        """CreateQueue."""
        queue = self.queues.create(_text(asked, "QueueName"), asked.get("Attributes") or {})
        return {"QueueUrl": self._url(queue)}

    def get_queue_url(self, asked: Parameters) -> Answer:
        """GetQueueUrl."""
        return {"QueueUrl": self._url(self.queues.find(_text(asked, "QueueName")))}

    def list_queues(self, asked: Parameters) -> Answer:
        """ListQueues, always all on one page."""
        return {"QueueUrls": [self._url(one) for one in self.queues.all(asked.get("QueueNamePrefix", ""))]}

    def delete_queue(self, asked: Parameters) -> Answer:
        """DeleteQueue."""
        self.queues.drop(self._queue(asked))
        return {}

    def purge_queue(self, asked: Parameters) -> Answer:
        """PurgeQueue, at once and as often as one likes."""
        self._queue(asked).purge()
        return {}

    def get_queue_attributes(self, asked: Parameters) -> Answer:
        """GetQueueAttributes."""
        queue = self._queue(asked)
        depth = queue.depth()
        known = queue.settings | {
            "QueueArn": self.queues.arn(queue),
            "CreatedTimestamp": str(queue.created_at),
            "LastModifiedTimestamp": str(queue.created_at),
            "ApproximateNumberOfMessages": str(depth["ready"]),
            "ApproximateNumberOfMessagesNotVisible": str(depth["in_flight"]),
            "ApproximateNumberOfMessagesDelayed": str(depth["delayed"]),
        }
        names = asked.get("AttributeNames") or []
        wanted = known if "All" in names else {name: known[name] for name in names if name in known}
        return {"Attributes": {name: value for name, value in wanted.items() if value != ""}}

    def set_queue_attributes(self, asked: Parameters) -> Answer:
        """SetQueueAttributes."""
        self.queues.change(self._queue(asked), asked.get("Attributes") or {})
        return {}

    def send_message(self, asked: Parameters) -> Answer:
        """SendMessage."""
        return self._send(self._queue(asked), asked)

    def send_message_batch(self, asked: Parameters) -> Answer:
        """SendMessageBatch."""
        queue = self._queue(asked)
        entries = _entries(asked)
        if sum(_size(entry) for entry in entries) > queue.seconds("MaximumMessageSize"):
            raise batch_refusal("BatchRequestTooLong", "The batch is larger than the queue's largest message.")
        return _each(queue, entries, self._send)

    def delete_message(self, asked: Parameters) -> Answer:
        """DeleteMessage. Succeeds, without effect, when the message was received again or is deleted."""
        return self._delete(self._queue(asked), asked)

    def delete_message_batch(self, asked: Parameters) -> Answer:
        """DeleteMessageBatch."""
        return _each(self._queue(asked), _entries(asked), self._delete)

    def change_message_visibility(self, asked: Parameters) -> Answer:
        """ChangeMessageVisibility."""
        return _change_visibility(self._queue(asked), asked)

    def change_message_visibility_batch(self, asked: Parameters) -> Answer:
        """ChangeMessageVisibilityBatch."""
        return _each(self._queue(asked), _entries(asked), _change_visibility)

    async def receive_message(self, asked: Parameters, stop: Callable[[], bool]) -> Answer:
        """ReceiveMessage; a long poll gives up early when `stop()` is true."""
        queue = self._queue(asked)
        most = _number(asked, "MaxNumberOfMessages", 1, LARGEST_BATCH, least=1)
        visibility = _number(asked, "VisibilityTimeout", queue.seconds("VisibilityTimeout"), LONGEST_VISIBILITY)
        wait = _number(asked, "WaitTimeSeconds", queue.seconds("ReceiveMessageWaitTimeSeconds"), LONGEST_WAIT)
        until = time.monotonic() + wait
        while not (taken := queue.take(most, visibility, shuffled=self.faults.reorder)):
            if stop() or time.monotonic() >= until:
                return {}
            await queue.wait(until)
        self.messages["received"] += len(taken)
        return {"Messages": [_received(message, asked) for message in taken]}

    def _send(self, queue: Queue, asked: Parameters) -> Answer:
        attributes = asked.get("MessageAttributes") or {}
        if not _text(asked, "MessageBody"):
            raise missing("MessageBody")
        if _size(asked) > queue.seconds("MaximumMessageSize"):
            limit = queue.settings["MaximumMessageSize"]
            raise invalid_value(f"One or more parameters are invalid. Message must be shorter than {limit} bytes.")
        delay = _number(asked, "DelaySeconds", queue.seconds("DelaySeconds"), LONGEST_DELAY)
        message = Message(asked["MessageBody"], attributes, asked.get("MessageGroupId", ""))
        self._put(queue, message, delay + self.faults.extra_delay)
        answer = {"MessageId": message.message_id, "MD5OfMessageBody": message.checksum}
        return answer | ({"MD5OfMessageAttributes": checksum(attributes)} if attributes else {})

    def _put(self, queue: Queue, message: Message, delay: float) -> None:
        self.messages["sent"] += 1
        queue.add(message, delay)
        if self.faults.duplicates():
            self.messages["duplicated"] += 1
            queue.add(message.duplicate(), delay)

    def _delete(self, queue: Queue, asked: Parameters) -> Answer:
        if (message := _find(queue, asked)) is not None:
            self.messages["deleted"] += 1
            queue.delete(message)
        return {}

    def _queue(self, asked: Parameters) -> Queue:
        return self.queues.at(_text(asked, "QueueUrl"))

    def _url(self, queue: Queue) -> str:
        return f"{self.base_url}/{ACCOUNT}/{queue.name}"


def _each(queue: Queue, entries: list[Parameters], operation: EntryOperation) -> Answer:
    """Do the same for each entry of a batch, and say for each how it went."""
    successful, failed = [], []
    for entry in entries:
        try:
            successful.append({"Id": entry["Id"], **operation(queue, entry)})
        except SqsRefusal as refusal:
            failed.append(refusal.entry(entry["Id"]))
    return {"Successful": successful, "Failed": failed}


def _entries(asked: Parameters) -> list[Parameters]:
    entries: list[Parameters] = asked.get("Entries") or []
    if not entries:
        raise batch_refusal("EmptyBatchRequest", "There should be at least one entry in the request.")
    if len(entries) > LARGEST_BATCH:
        message = f"Maximum number of entries per request are {LARGEST_BATCH}. You have sent {len(entries)}."
        raise batch_refusal("TooManyEntriesInBatchRequest", message)
    ids = [str(entry.get("Id", "")) for entry in entries]
    if len(set(ids)) < len(ids):
        raise batch_refusal("BatchEntryIdsNotDistinct", "Two or more batch entries have the same Id.")
    if not all(re.fullmatch(r"[A-Za-z0-9_-]{1,80}", one) for one in ids):
        raise batch_refusal("InvalidBatchEntryId", "An Id has 1 to 80 letters, digits, hyphens and underscores.")
    return entries


def _find(queue: Queue, asked: Parameters) -> Message | None:
    try:
        return queue.find(_text(asked, "ReceiptHandle"))
    except ValueError:
        raise invalid_handle() from None


def _change_visibility(queue: Queue, asked: Parameters) -> Answer:
    if "VisibilityTimeout" not in asked:
        raise missing("VisibilityTimeout")
    seconds = _number(asked, "VisibilityTimeout", 0, LONGEST_VISIBILITY)
    message = _find(queue, asked)
    if message is None or message.state is not State.IN_FLIGHT:
        raise SqsRefusal("MessageNotInflight", "The message is not in flight.", f"{QUERY_PREFIX}MessageNotInflight")
    queue.change_visibility(message, seconds)
    return {}


def _received(message: Message, asked: Parameters) -> Answer:
    shown: Answer = {
        "MessageId": message.message_id,
        "ReceiptHandle": message.receipt_handle,
        "MD5OfBody": message.checksum,
        "Body": message.body,
    }
    names = [*(asked.get("AttributeNames") or ()), *(asked.get("MessageSystemAttributeNames") or ())]
    if names:
        shown["Attributes"] = _system_attributes(message, names)
    attributes = chosen(message.attributes, asked.get("MessageAttributeNames") or [])
    if attributes:
        shown |= {"MessageAttributes": attributes, "MD5OfMessageAttributes": checksum(attributes)}
    return shown


def _system_attributes(message: Message, names: list[str]) -> dict[str, str]:
    known = {
        "SenderId": "AIDASIMULATOR",
        "SentTimestamp": str(int(message.sent_at * 1000)),
        "ApproximateReceiveCount": str(message.receives),
        "ApproximateFirstReceiveTimestamp": str(int(message.first_received_at * 1000)),
    }
    if message.group:
        known["MessageGroupId"] = message.group
    return known if "All" in names else {name: value for name, value in known.items() if name in names}


def _size(asked: Parameters) -> int:
    return len(str(asked.get("MessageBody", "")).encode()) + size_of(asked.get("MessageAttributes") or {})


def _text(asked: Parameters, name: str) -> str:
    value = asked.get(name)
    if value is None:
        raise missing(name)
    if not isinstance(value, str):
        raise invalid_value(f"{name} must be a text.")
    return value


def _number(asked: Parameters, name: str, default: int, largest: int, *, least: int = 0) -> int:
    value = asked.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or not least <= value <= largest:
        text = orjson.dumps(value).decode()
        raise invalid_value(f"Value {text} for parameter {name} is invalid. It must be {least} to {largest}.")
    return value
