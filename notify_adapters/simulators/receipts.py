"""Posting receipts back: a while later, a few at a time, and again when the other side is not there.

A receipt survives a restart of our web process: refused connections, resets, timeouts, 429 and 5xx answers
are tried again with growing pauses. Any other 4xx is the last word, as it is with the real providers.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping

from attrs import define, field, frozen

from notify_adapters.simulators.http_client import HttpClient, HttpFailure, Target
from notify_adapters.simulators.later import Later

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0

log = logging.getLogger(__name__)


@frozen
class Receipt:
    """One POST to make."""

    target: Target
    headers: Mapping[str, str]
    body: bytes


@define
class Waiting:
    """Receipts about one message, posted one after the other, and how the first of them fared so far."""

    receipts: tuple[Receipt, ...]
    delay: float
    deadline: float = 0.0
    pause: float = FIRST_PAUSE


@define
class ReceiptSender:
    """Posts receipts. `send_later` may be called before `run` has started.

    `keep_trying` is in seconds from the first attempt. When more than `capacity` wait, new ones count as
    failed.
    """

    concurrency: int = 16
    keep_trying: float = 120.0
    capacity: int = 200_000
    sent: int = 0
    failed: int = 0
    retried: int = 0
    waiting: int = 0
    last_failure: str = ""
    _queue: asyncio.Queue[Waiting] = field(factory=asyncio.Queue)
    _client: HttpClient = field(factory=HttpClient)
    _later: Later[Waiting] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._later = Later(self._queue.put_nowait)

    def send_later(self, receipts: tuple[Receipt, ...], delay: float) -> None:
        """Post the first receipt after `delay` seconds, each further one as long after the one before it."""
        if not receipts:
            return
        if self.waiting >= self.capacity:
            self._give_up(len(receipts), "too many receipts are waiting")
            return
        self.waiting += len(receipts)
        self._schedule(Waiting(receipts, delay), delay)

    def counts(self) -> dict[str, object]:
        """Return how many were sent, failed for good, tried again, and are still to be sent."""
        return {
            "sent": self.sent,
            "failed": self.failed,
            "retried": self.retried,
            "waiting": self.waiting,
            "last_failure": self.last_failure,
        }

    def forget_counts(self) -> None:
        """Start counting anew. Receipts that are waiting are still sent."""
        self.sent = self.failed = self.retried = 0
        self.last_failure = ""

    async def run(self) -> None:
        """Send what is due, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self.concurrency):
                group.create_task(self._send_forever())

    async def _send_forever(self) -> None:
        while True:
            await self._attempt(await self._queue.get())

    async def _attempt(self, waiting: Waiting) -> None:
        receipt = waiting.receipts[0]
        waiting.deadline = waiting.deadline or time.monotonic() + self.keep_trying
        try:
            answer = await self._client.request("POST", receipt.target, receipt.headers, receipt.body)
        except HttpFailure as failure:
            self._try_again(waiting, str(failure))
            return
        if answer.status >= 500 or answer.status == 429:
            self._try_again(waiting, f"HTTP {answer.status}")
        elif answer.status >= 400:
            self.waiting -= len(waiting.receipts)
            said = answer.body[:200].decode(errors="replace")
            self._give_up(len(waiting.receipts), f"HTTP {answer.status} {said}")
        else:
            self._go_on(waiting)

    def _go_on(self, waiting: Waiting) -> None:
        self.sent += 1
        self.waiting -= 1
        if rest := waiting.receipts[1:]:
            self._schedule(Waiting(rest, waiting.delay), waiting.delay)

    def _try_again(self, waiting: Waiting, why: str) -> None:
        if time.monotonic() + waiting.pause > waiting.deadline:
            self.waiting -= len(waiting.receipts)
            self._give_up(len(waiting.receipts), why)
            return
        self.retried += 1
        self.last_failure = why
        self._schedule(waiting, waiting.pause)
        waiting.pause = min(waiting.pause * 2, LONGEST_PAUSE)

    def _give_up(self, receipts: int, why: str) -> None:
        self.failed += receipts
        self.last_failure = why
        log.warning("receipt not delivered: %s", why)

    def _schedule(self, waiting: Waiting, delay: float) -> None:
        self._later.call_later(delay, waiting)
