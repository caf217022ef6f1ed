"""Bring dead letters back to the queue that they died on.

Each is sent to its queue first and deleted afterwards: a crash in between leaves it twice, which is harmless, since
every task is safe to repeat. SQS can do this by itself (StartMessageMoveTask), but would bring back what was never
a task of ours, and not every stand-in for SQS can.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import orjson
from attrs import frozen

from notify_adapters.sqs.client import LazyClient
from notify_core.outbox.condition import Redriven

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef, SendMessageBatchRequestEntryTypeDef

_MESSAGES_PER_CALL = 10
# While we are at it nobody else, nor we ourselves, should receive the same letter again.
_HIDDEN_SECONDS = 300
# Long enough for SQS to ask all of its servers, so that an empty answer means that nothing is left.
_WAIT_SECONDS = 1


@frozen
class Redrive:
    """Moves the dead letters at URL `source` to the queue at URL `target`."""

    client: LazyClient
    source: str
    target: str
    progress: Callable[[Redriven], None] = lambda _: None

    def __call__(self, limit: int | None = None) -> Redriven:
        """Move at most `limit` (None: all), and say what became of them. Raises what the client raises.

        Whatever stays can be received again afterwards, also when this is interrupted by an error.
        """
        total = Redriven()
        kept: list[MessageTypeDef] = []
        try:
            while (most := _most(limit, total)) and (letters := self._receive(most)):
                ours = [letter for letter in letters if is_ours(letter["Body"])]
                refused = self._move(ours)
                kept += [letter for letter in letters if letter not in ours or letter in refused]
                total = total.plus(
                    Redriven(moved=len(ours) - len(refused), strange=len(letters) - len(ours), refused=len(refused))
                )
                self.progress(total)
        finally:
            self._show(kept)
        return total

    def _receive(self, most: int) -> list[MessageTypeDef]:
        answer = self.client().receive_message(
            QueueUrl=self.source,
            MaxNumberOfMessages=most,
            VisibilityTimeout=_HIDDEN_SECONDS,
            WaitTimeSeconds=_WAIT_SECONDS,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return answer.get("Messages", [])

    def _move(self, letters: Sequence[MessageTypeDef]) -> list[MessageTypeDef]:
        """Move these, and return those that their queue did not take."""
        if not letters:
            return []
        sent = self.client().send_message_batch(
            QueueUrl=self.target,
            Entries=[_entry(str(place), letter) for place, letter in enumerate(letters)],
        )
        refused = {int(failure["Id"]) for failure in sent.get("Failed", [])}
        gone = [letter for place, letter in enumerate(letters) if place not in refused]
        if gone:
            self.client().delete_message_batch(
                QueueUrl=self.source,
                Entries=[
                    {"Id": str(place), "ReceiptHandle": letter["ReceiptHandle"]} for place, letter in enumerate(gone)
                ],
            )
        return [letters[place] for place in sorted(refused)]

    def _show(self, letters: Sequence[MessageTypeDef]) -> None:
        """Let these be received again."""
        for start in range(0, len(letters), _MESSAGES_PER_CALL):
            self.client().change_message_visibility_batch(
                QueueUrl=self.source,
                Entries=[
                    {"Id": str(place), "ReceiptHandle": letter["ReceiptHandle"], "VisibilityTimeout": 0}
                    for place, letter in enumerate(letters[start : start + _MESSAGES_PER_CALL])
                ],
            )


def is_ours(body: str) -> bool:
    """Say whether this is the body of a task: Celery's message in kombu's envelope, with a name and arguments."""
    try:
        envelope: Any = orjson.loads(base64.b64decode(body, validate=True))
        arguments: Any = orjson.loads(base64.b64decode(envelope["body"], validate=True))
        return isinstance(arguments, list) and isinstance(envelope["headers"]["task"], str)
    except (ValueError, binascii.Error, KeyError, TypeError):
        return False


def _most(limit: int | None, total: Redriven) -> int:
    return _MESSAGES_PER_CALL if limit is None else min(_MESSAGES_PER_CALL, max(limit - total.moved, 0))


def _entry(place: str, letter: MessageTypeDef) -> SendMessageBatchRequestEntryTypeDef:
    """Return the letter as it was sent at first: with its body, its attributes and its service's group."""
    entry: SendMessageBatchRequestEntryTypeDef = {"Id": place, "MessageBody": letter["Body"]}
    group = letter.get("Attributes", {}).get("MessageGroupId")
    if group:
        entry["MessageGroupId"] = group
    attributes = letter.get("MessageAttributes")
    if attributes:
        entry["MessageAttributes"] = attributes
    return entry
