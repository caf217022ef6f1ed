"""The control API of a message simulator, from Python: for tests, benchmarks and scripts."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson
from attrs import define

from notify_adapters.embedded.errors import EmbeddedPartError

POLL_SECONDS = 0.02


@define
class SimulatorClient:
    """Talks to the simulator at this URL, `http://127.0.0.1:1234`."""

    url: str

    def is_ready(self) -> bool:
        """Say whether the simulator answers now."""
        try:
            return "simulator" in self._ask("GET", "health")
        except (OSError, http.client.HTTPException):
            return False

    def wait_until_ready(self, timeout: float = 10.0) -> None:
        """Wait until the simulator answers; EmbeddedPartError when it does not within `timeout` seconds."""
        self._wait_for(self.is_ready, timeout, "to answer")

    def behave(
        self, recipient: str, behaviour: str, *, seconds: float | None = None, times: int | None = None
    ) -> None:
        """Tell how messages to this recipient are to be treated, or only the next so many `times`."""
        self._ask("PUT", f"behaviours/{quote(recipient, safe='')}", _plan(behaviour, seconds, times))

    def behave_by_default(self, behaviour: str, *, seconds: float | None = None, times: int | None = None) -> None:
        """Tell how all messages are to be treated about which nothing else is said."""
        self._ask("PUT", "default", _plan(behaviour, seconds, times))

    def behave_normally(self) -> None:
        """Forget everything that was told."""
        self._ask("DELETE", "behaviours")
        self._ask("DELETE", "default")

    def messages(
        self, *, reference: str = "", to: str = "", since: int = 0, limit: int | None = None
    ) -> list[dict[str, Any]]:
        """Return what was accepted, newest last: `sequence`, `accepted_at`, `reference`, `to`, `content`."""
        asked = {"reference": reference, "to": to, "since": since, "limit": limit}
        query = urlencode({name: value for name, value in asked.items() if value})
        found: list[dict[str, Any]] = self._ask("GET", f"messages?{query}")["messages"]
        return found

    def counts(self) -> dict[str, Any]:
        """Return `accepted`, `references`, `duplicates`, `duplicate_references`, `refused`, `receipts`."""
        return self._ask("GET", "counts")

    def clear(self) -> None:
        """Forget the messages and all counts."""
        self._ask("DELETE", "messages")

    def wait_for_messages(self, count: int, timeout: float = 10.0) -> None:
        """Wait until so many messages were accepted."""
        self._wait_for(lambda: self.counts()["accepted"] >= count, timeout, f"to accept {count} messages")

    def wait_for_receipts(self, count: int, timeout: float = 10.0) -> None:
        """Wait until so many receipts were sent."""
        self._wait_for(lambda: self.counts()["receipts"]["sent"] >= count, timeout, f"to send {count} receipts")

    def _wait_for(self, reached: Callable[[], bool], timeout: float, what: str) -> None:
        deadline = time.monotonic() + timeout
        while not reached():
            if time.monotonic() > deadline:
                state = self.counts() if self.is_ready() else "it does not answer"
                raise EmbeddedPartError(
                    f"The simulator at {self.url} took more than {timeout:g} seconds {what}: {state}."
                )
            time.sleep(POLL_SECONDS)

    def _ask(self, method: str, resource: str, body: object = None) -> dict[str, Any]:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        try:
            content = None if body is None else orjson.dumps(body)
            connection.request(method, f"/_simulator/{resource}", content)
            response = connection.getresponse()
            answer: dict[str, Any] = orjson.loads(response.read())
        finally:
            connection.close()
        if response.status >= 400:
            raise EmbeddedPartError(f"The simulator at {self.url} refused: {answer.get('error')}.")
        return answer


def _plan(behaviour: str, seconds: float | None, times: int | None) -> dict[str, object]:
    plan = {"behaviour": behaviour, "seconds": seconds, "times": times}
    return {name: value for name, value in plan.items() if value is not None}
