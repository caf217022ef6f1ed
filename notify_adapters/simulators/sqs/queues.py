"""All queues of the simulator, by name, URL and ARN."""

from __future__ import annotations

import re
from collections.abc import Mapping

import orjson
from attrs import define, field

from notify_adapters.simulators.sqs.errors import SqsRefusal, invalid_value, no_such_queue
from notify_adapters.simulators.sqs.queue import Queue, Redrive

ACCOUNT = "123456789012"
LARGEST_MESSAGE = 262_144

#: Settings that can be changed, with their defaults and the largest number each may be.
LIMITS: Mapping[str, tuple[int, int]] = {
    "VisibilityTimeout": (30, 43_200),
    "DelaySeconds": (0, 900),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "MaximumMessageSize": (LARGEST_MESSAGE, 1_048_576),
    "MessageRetentionPeriod": (345_600, 1_209_600),
}
#: Settings that are kept and shown, and change nothing here.
WITHOUT_EFFECT = frozenset(
    {"Policy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled", "RedriveAllowPolicy"}
)


@define
class Queues:
    """The queues. `create_on_use` makes a queue the first time anybody asks for it; `fair` as in AWS."""

    region: str = "eu-west-1"
    visibility_timeout: int = 30
    create_on_use: bool = False
    fair: bool = True
    _by_name: dict[str, Queue] = field(factory=dict)

    def create(self, name: str, settings: Mapping[str, str]) -> Queue:
        """Return the queue of this name, made now if need be; refused when it is there with other settings."""
        if (queue := self._by_name.get(name)) is not None:
            if any(queue.settings.get(key) != value for key, value in settings.items()):
                message = "A queue already exists with the same name and a different value for attributes."
                raise SqsRefusal("QueueNameExists", message, "QueueAlreadyExists")
            return queue
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,80}", name):
            raise invalid_value("A standard queue's name has 1 to 80 letters, digits, hyphens and underscores.")
        defaults = {key: str(default) for key, (default, _) in LIMITS.items()}
        queue = Queue(name, defaults | {"VisibilityTimeout": str(self.visibility_timeout)}, fair=self.fair)
        self.change(queue, settings)
        self._by_name[name] = queue
        return queue

    def find(self, name: str) -> Queue:
        """Return the queue of this name."""
        queue = self._by_name.get(name)
        if queue is None and self.create_on_use and name:
            queue = self.create(name, {})
        if queue is None:
            raise no_such_queue()
        return queue

    def at(self, url: str) -> Queue:
        """Return the queue of this URL, whose last part is the name."""
        return self.find(url.rpartition("/")[2])

    def all(self, prefix: str = "") -> list[Queue]:
        """Return the queues whose names begin so, in the order of names."""
        return [queue for name, queue in sorted(self._by_name.items()) if name.startswith(prefix)]

    def drop(self, queue: Queue) -> None:
        """Delete a queue and what is in it."""
        queue.purge()
        self._by_name.pop(queue.name, None)

    def arn(self, queue: Queue) -> str:
        """Return a queue's ARN."""
        return f"arn:aws:sqs:{self.region}:{ACCOUNT}:{queue.name}"

    def change(self, queue: Queue, settings: Mapping[str, str]) -> None:
        """Change a queue's settings, all or none."""
        redrive = queue.redrive
        for name, value in settings.items():
            if name == "RedrivePolicy":
                redrive = self._redrive(value)
            elif name in LIMITS:
                _check_number(name, value)
            elif name not in WITHOUT_EFFECT:
                raise SqsRefusal("InvalidAttributeName", f"Unknown Attribute {name}.")
        queue.settings |= dict(settings)
        queue.redrive = redrive

    def _redrive(self, text: str) -> Redrive | None:
        if not text:
            return None
        try:
            policy = orjson.loads(text)
            name = policy["deadLetterTargetArn"].rpartition(":")[2]
            after = int(policy["maxReceiveCount"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise invalid_value("RedrivePolicy needs deadLetterTargetArn and maxReceiveCount.") from None
        self.find(name)
        return Redrive(after, lambda: self.find(name), policy)


def _check_number(name: str, value: str) -> None:
    if not str(value).isdigit() or int(value) > LIMITS[name][1]:
        raise SqsRefusal("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
