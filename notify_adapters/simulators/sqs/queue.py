"""One queue: messages that wait, messages somebody has, messages that are delayed.

Nothing happens by itself: what has become due is noticed by the next call, and a long poll waits exactly
until then.
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum, auto
from itertools import count
from typing import Any

from attrs import define, field

from notify_adapters.simulators.sqs.attributes import Attributes
from notify_adapters.simulators.sqs.ready import Ready

CLEAR_OUT_ABOVE = 10_000  # stale timers, beyond which they are cleared out when they are the majority

_keys = count(1)
_order = count()  # of timers that are due at the same time


class State(Enum):
    """Where a message is."""

    READY = auto()
    IN_FLIGHT = auto()
    DELAYED = auto()
    NOWHERE = auto()


@define(eq=False)
class Message:
    """One message. `key` is ours and differs between a message and its ordered duplicate; `message_id` is AWS's."""

    body: str
    attributes: Attributes
    group: str
    message_id: str = field(factory=lambda: str(uuid.uuid4()))
    key: int = field(factory=lambda: next(_keys))
    sent_at: float = field(factory=time.time)
    first_received_at: float = 0.0
    receives: int = 0
    state: State = State.NOWHERE
    due: float = 0.0

    @property
    def receipt_handle(self) -> str:
        """The handle of the last receive."""
        return f"{self.key}-{self.receives}-{self.message_id}"

    @property
    def checksum(self) -> str:
        """The MD5 of the body."""
        return hashlib.md5(self.body.encode(), usedforsecurity=False).hexdigest()

    def duplicate(self) -> Message:
        """Return the same message a second time, as AWS now and then delivers it."""
        return Message(self.body, self.attributes, self.group, self.message_id)


@define(eq=False)
class Queue:
    """A standard queue, `fair` between message groups. Times are `time.monotonic()`."""

    name: str
    settings: dict[str, str]
    created_at: int = field(factory=lambda: int(time.time()))
    redrive: Redrive | None = None
    fair: bool = True
    _ready: Ready = field(init=False)
    _in_hand: dict[str, int] = field(factory=dict)
    _timers: list[tuple[float, int, Message]] = field(factory=list)
    _messages: dict[int, Message] = field(factory=dict)
    _numbers: dict[State, int] = field(factory=lambda: dict.fromkeys(State, 0))
    _waiters: deque[asyncio.Future[None]] = field(factory=deque)

    def __attrs_post_init__(self) -> None:
        self._ready = Ready(self.fair)

    def add(self, message: Message, delay: float) -> None:
        """Put a message in, to be received after `delay` seconds."""
        self._messages[message.key] = message
        if delay > 0:
            self._hide(message, delay, State.DELAYED)
        else:
            self._show(message)

    def take(self, most: int, visibility: float, *, shuffled: bool = False) -> list[Message]:
        """Receive up to `most` messages; each is hidden from others for `visibility` seconds."""
        self._notice_due()
        taken: list[Message] = []
        while len(taken) < most and (message := self._ready.take(self._in_hand, shuffled=shuffled)) is not None:
            if message.state is not State.READY:  # deleted while it waited
                continue
            if self.redrive is not None and message.receives >= self.redrive.after:
                self._bury(message, self.redrive)
                continue
            message.receives += 1
            message.first_received_at = message.first_received_at or time.time()
            self._hide(message, visibility, State.IN_FLIGHT)
            taken.append(message)
        return taken

    async def wait(self, until: float) -> None:
        """Wait until there may be a message, but not longer than `until`."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        due = min(until, self._timers[0][0]) if self._timers else until
        try:
            async with asyncio.timeout(max(due - time.monotonic(), 0.001)):
                await waiter
        except TimeoutError:
            pass
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():  # woken, but nobody is there any more
                self._wake_one()
            raise
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def wake(self) -> None:
        """Let everybody who waits look again."""
        while self._waiters:
            self._wake_one()

    def find(self, receipt_handle: str) -> Message | None:
        """Return the message of a handle, None when it is deleted or was received again; ValueError: no handle."""
        key, receives, _ = receipt_handle.split("-", 2)
        message = self._messages.get(int(key))
        return message if message is not None and message.receives == int(receives) else None

    def delete(self, message: Message) -> None:
        """Remove a message for good."""
        self._change(message, State.NOWHERE)
        del self._messages[message.key]

    def change_visibility(self, message: Message, seconds: float) -> None:
        """Hide a message for so long from now; show it at once when 0."""
        if seconds > 0:
            self._hide(message, seconds, State.IN_FLIGHT)
        else:
            self._show(message)

    def purge(self) -> None:
        """Remove all messages for good."""
        for message in list(self._messages.values()):
            self.delete(message)
        self._ready.clear()
        self._timers.clear()

    def depth(self) -> dict[str, int]:
        """Return how many messages can be received, are in somebody's hands, and are delayed."""
        self._notice_due()
        return {
            "ready": self._numbers[State.READY],
            "in_flight": self._numbers[State.IN_FLIGHT],
            "delayed": self._numbers[State.DELAYED],
        }

    def seconds(self, setting: str) -> int:
        """Return a setting that is a number."""
        return int(self.settings[setting])

    def _show(self, message: Message) -> None:
        self._change(message, State.READY)
        self._ready.append(message)
        self._wake_one()

    def _hide(self, message: Message, seconds: float, state: State) -> None:
        self._change(message, state)
        message.due = time.monotonic() + seconds
        heapq.heappush(self._timers, (message.due, next(_order), message))
        if len(self._timers) > CLEAR_OUT_ABOVE and len(self._timers) > 2 * len(self._messages):
            self._timers = [timer for timer in self._timers if _is_live(timer)]
            heapq.heapify(self._timers)

    def _change(self, message: Message, state: State) -> None:
        self._numbers[message.state] -= 1
        self._numbers[state] += 1
        if message.group and State.IN_FLIGHT in {message.state, state}:
            self._count_in_hand(message.group, (state is State.IN_FLIGHT) - (message.state is State.IN_FLIGHT))
        message.state = state

    def _count_in_hand(self, group: str, change: int) -> None:
        number = self._in_hand.get(group, 0) + change
        if number:
            self._in_hand[group] = number
        else:
            self._in_hand.pop(group, None)

    def _notice_due(self) -> None:
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            timer = heapq.heappop(self._timers)
            if _is_live(timer):
                self._show(timer[2])

    def _bury(self, message: Message, redrive: Redrive) -> None:
        self.delete(message)
        buried = message.duplicate()
        buried.sent_at = message.sent_at
        redrive.dead_letters().add(buried, 0.0)

    def _wake_one(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return


@define(eq=False)
class Redrive:
    """Where messages go that were received `after` times without being deleted."""

    after: int
    dead_letters: Callable[[], Queue]
    policy: Mapping[str, Any]


def _is_live(timer: tuple[float, int, Message]) -> bool:
    """Say whether a timer still means something: its message hides, and until this very time."""
    due, _, message = timer
    return message.due == due and message.state in {State.IN_FLIGHT, State.DELAYED}
