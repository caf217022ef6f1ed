"""kombu's SQS transport, made to wait for the right things.

What kombu 5.7 does, and what is done here instead:

- With every prefetch slot taken it asks again after the polling interval: a busy loop when that is short, an
  idle worker when it is long. Here a queue rests until a slot is free.
- A poll that SQS answers with an error ends the polling of that queue until the worker is restarted (an empty
  list is taken for a mapping, and anything but 200 or 5xx raises in the event loop). Here it is repeated, after
  a growing pause.
- At most ten queues are polled at a time; the eleventh waits for another's long poll to end. Here each queue
  has a connection.
- A rejected message is deleted when its queue has no dead-letter queue. Here it is never deleted: it comes back
  when its visibility timeout is over, and SQS counts how often.
- Each queue has a client of its own, and is asked for its size at the start. Here they share one, and are not.
- A process that has finished waits until its message is deleted and the next one is fetched. Here one message of the
  queues in `reserve_of` is fetched beforehand, while nothing takes long.
- A socket that curl gives up stays in the event loop, which then never rests. Here it is taken out.
"""

# kombu's types stop half way.
# mypy: disallow-untyped-calls = False

from __future__ import annotations

import logging
from collections.abc import Mapping
from time import monotonic
from typing import Any

import pycurl
from amqp.protocol import queue_declare_ok_t
from kombu.asynchronous.aws.sqs.connection import AsyncSQSConnection
from kombu.asynchronous.http.curl import CurlClient
from kombu.transport import SQS
from vine import promise

logger = logging.getLogger(__name__)

_OK = 200
# SQS gives no more messages for one question.
_MOST_AT_ONCE = 10
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 10.0
# An empty answer in less than this was not a long poll: whoever answers does not know how to wait.
_TOO_SOON_SECONDS = 0.5
# Besides the polls, for whatever else the loop may fetch.
_SPARE_CONNECTIONS = 2
_UNREADABLE = {"Problem": "unreadable answer"}


class Client(CurlClient):
    """Kombu's HTTP client, which leaves no socket behind in the event loop.

    Kombu takes sockets out of the loop before curl works and puts them back afterwards. When curl gives a socket
    up at another time, such as a connection that was not needed after all, kombu forgets it and the loop does
    not: it is ready for ever, and the loop never rests.
    """

    def _handle_socket(self, event: int, fd: int, multi: Any, data: Any, _pycurl: Any = pycurl) -> None:
        super()._handle_socket(event, fd, multi, data, _pycurl)
        if event == pycurl.POLL_REMOVE:
            self.hub.remove(fd)


def _use_our_client(loop: Any, connections: int) -> None:
    """Give the event loop our HTTP client, unless it has one: whoever asks kombu for the loop's client gets it."""
    if getattr(loop, "_current_http_client", None) is None:
        loop._current_http_client = Client(loop, max_clients=connections)  # noqa: SLF001 - where kombu looks for it


class PollingConnection(AsyncSQSConnection):
    """Asks SQS for messages without blocking the event loop."""

    def _on_list_ready(self, parent: Any, markers: Any, operation: str, response: Any) -> Mapping[str, Any]:
        """Return what SQS answered, or why that is of no use: raising here would end the polling for good."""
        if response.status != _OK:
            return {"Problem": f"HTTP {response.status}"}
        try:
            answer = super()._on_list_ready(parent, markers, operation, response)
        except Exception:  # noqa: BLE001 - any answer that cannot be read is as bad as none
            return _UNREADABLE
        return answer if isinstance(answer, Mapping) else _UNREADABLE


class Slots(SQS.QoS):
    """Kombu's account of what was fetched, which also tells what is in it."""

    def not_settled(self) -> list[Any]:
        """Return the messages that are neither acknowledged nor rejected."""
        return [message for tag, message in self._delivered.items() if tag not in self._dirty]


class Channel(SQS.Channel):
    """Consumes from any number of queues with one prefetch window."""

    QoS = Slots

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._polling: PollingConnection | None = None
        self._resting: list[str] = []
        self._asked_at: dict[str, float] = {}
        self._pauses: dict[str, float] = {}
        self._loop: Any = self.hub
        if self._loop:
            _use_our_client(self._loop, connections=len(self.predefined_queues) + _SPARE_CONNECTIONS)

    def sqs(self, queue: str | None = None) -> Any:  # noqa: ARG002 - kombu's signature
        """Return the blocking client, the same for every queue."""
        return super().sqs()

    def asynsqs(self, queue: str | None = None) -> PollingConnection:  # noqa: ARG002 - kombu's signature
        """Return the connection that polls, the same for every queue."""
        if self._polling is None:
            self._polling = PollingConnection(sqs_connection=self.sqs(), region=self.region)
        return self._polling

    def _put(self, queue: str, message: dict[str, Any], **kwargs: Any) -> None:
        """Publish, without the message's group where the operator wants none: not every queue server takes one."""
        if not self.transport_options.get("message_groups", True):
            message["properties"].pop("MessageGroupId", None)
        super()._put(queue, message, **kwargs)

    def queue_declare(self, queue: Any = None, passive: Any = False, **kwargs: Any) -> Any:  # noqa: ARG002 - kombu's signature
        """Take the queue as it is: our queues are made beforehand."""
        return queue_declare_ok_t(queue, 0, 0)

    # Polling.

    def _schedule_queue(self, queue: str) -> None:
        if queue not in self._active_queues:
            return
        if room := self._room(queue):
            self._asked_at[queue] = monotonic()
            self._get_async(queue, room, callback=promise(self._loop1, (queue,)))
        else:
            self._resting.append(queue)

    def _loop1(self, queue: str, messages_fetched: int | None = None) -> None:
        """Poll the queue again: at once after messages or a long poll in vain, else after a pause."""
        pause = self._pauses.get(queue, 0.0)
        if not messages_fetched and not pause and monotonic() - self._asked_at.get(queue, 0.0) < _TOO_SOON_SECONDS:
            pause = _FIRST_PAUSE_SECONDS
        if pause:
            self._loop.call_later(pause, self._schedule_queue, queue)
        else:
            self._loop.call_soon(self._schedule_queue, queue)

    def _on_messages_ready(self, queue: str, qname: str, messages: Mapping[str, Any]) -> int:
        """Hand messages to the worker one by one, so that none suffers from another; return how many there were."""
        if problem := messages.get("Problem"):
            self._poll_failed(qname, problem)
            return 0
        self._pauses.pop(qname, None)
        received = messages.get("Messages") or ()
        for message in received:
            try:
                super()._on_messages_ready(queue, qname, {"Messages": [message]})
            except Exception as error:  # noqa: BLE001 - it comes back when its visibility timeout is over
                logger.warning("A message on %s could not be taken: %s", qname, type(error).__name__)
        return len(received)

    def _poll_failed(self, queue: str, problem: str) -> None:
        before = self._pauses.get(queue)
        self._pauses[queue] = _FIRST_PAUSE_SECONDS if before is None else min(before * 2, _LONGEST_PAUSE_SECONDS)
        if before is None:
            logger.warning("Polling %s fails: %s", queue, problem)

    def _message_to_python(self, message: Mapping[str, Any], queue_name: str, q_url: str) -> Any:
        """Note where the message really came from, whatever its sender believed: that is where it goes back to."""
        payload = super()._message_to_python(message, queue_name, q_url)
        payload["properties"]["delivery_info"].update(exchange="", routing_key=queue_name)
        return payload

    # Slots.

    def _room(self, queue: str) -> int:
        """Return how many of the queue's messages may be fetched now.

        A slot for each process; and where all that they are at is soon done, one more, for who is done first.
        """
        free: int | None = self.qos.can_consume_max_estimate()
        if free is None or free > _MOST_AT_ONCE:
            return _MOST_AT_ONCE
        if free:
            return free
        reserve_of = self.transport_options.get("reserve_of", ())
        taken = self.qos.not_settled()
        soon_done = all(message.delivery_info["routing_key"] in reserve_of for message in taken)
        return int(queue in reserve_of and soon_done and len(taken) == self.qos.prefetch_count)

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        """Delete the message from SQS, and poll again for its slot."""
        try:
            super().basic_ack(delivery_tag, multiple)
        finally:
            self._slot_is_free()

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Leave the message to SQS, and poll again for its slot."""
        try:
            super().basic_reject(delivery_tag, requeue=requeue)
        finally:
            self._slot_is_free()

    def basic_qos(self, *args: Any, **kwargs: Any) -> None:
        """Change the number of slots."""
        super().basic_qos(*args, **kwargs)
        self._slot_is_free()

    def _delete_rejected_message(self, delivery_tag: str) -> None:
        """Do not delete it: what failed is not lost."""

    def _slot_is_free(self) -> None:
        resting, self._resting = self._resting, []
        for queue in resting:
            if self._room(queue):
                self._loop.call_soon(self._schedule_queue, queue)
            else:
                self._resting.append(queue)


class Transport(SQS.Transport):
    """The transport to name in Celery's `broker_transport`."""

    Channel = Channel
