"""What the providers and the database have to say when all is over."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import psycopg
from attrs import frozen

from notify_adapters.simulators.client import SimulatorClient
from notify_core.notifications.status import Status
from tests.chaos.history import FINAL, Handover, Stored

_NAME = re.compile(r"\bm\d{6}\b")
_PAGE = 2000

_STORED = """
SELECT facts.id, contents.client_reference, facts.status, {doubts}
FROM notifications AS facts
JOIN notification_contents AS contents
    ON contents.notification_id = facts.id AND contents.expires_on = facts.expires_on
"""
_EVENTS = "SELECT notification_id, at, kind, attempt, provider, status, detail FROM notification_events ORDER BY at"
_OPEN = """
SELECT contents.client_reference, facts.status
FROM notifications AS facts
JOIN notification_contents AS contents
    ON contents.notification_id = facts.id AND contents.expires_on = facts.expires_on
WHERE facts.status <> ALL(%s)
"""
_LEFT = "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM waiting_receipts)"
_CALLS_LEFT = "SELECT count(*) FROM callbacks WHERE state = 'waiting'"
_HAS_CALLBACKS = "SELECT FROM information_schema.tables WHERE table_name = 'callbacks'"
_HAS_DOUBTS = "SELECT FROM information_schema.columns WHERE table_name = 'notifications' AND column_name = 'doubts'"


@frozen
class Witnesses:
    """The database, and the providers by name."""

    database_url: str
    providers: dict[str, SimulatorClient]

    def handovers(self) -> tuple[Handover, ...]:
        """Return everything that providers accepted."""
        return tuple(
            Handover(name=_name_in(message), provider=name, at=float(message["accepted_at"]))
            for name, provider in self.providers.items()
            for message in _all_messages(provider)
        )

    def stored(self) -> tuple[Stored, ...]:
        """Return every message, with its timeline."""
        with psycopg.connect(self.database_url) as connection:
            doubts = "facts.doubts" if connection.execute(_HAS_DOUBTS).fetchone() is not None else "0"
            rows = connection.execute(_STORED.format(doubts=doubts).encode()).fetchall()
            timelines: dict[Any, list[str]] = defaultdict(list)
            for key, at, *told in connection.execute(_EVENTS):
                timelines[key].append(
                    " ".join(str(word) for word in (f"{at:%H:%M:%S.%f}", *told) if word is not None)
                )
        return tuple(
            Stored(id=str(key), name=name, status=Status(status), doubts=doubted, timeline=tuple(timelines[key]))
            for key, name, status, doubted in rows
        )

    def unfinished(self, silent: frozenset[str]) -> int:
        """Return how much there is still to do; messages in `silent` are finished as they are once handed over."""
        with psycopg.connect(self.database_url) as connection:
            rows = connection.execute(_OPEN, [[status.value for status in FINAL]]).fetchall()
            (left,) = connection.execute(_LEFT).fetchone() or (0,)
            if connection.execute(_HAS_CALLBACKS).fetchone() is not None:
                left += (connection.execute(_CALLS_LEFT).fetchone() or (0,))[0]
        still_open = sum(not (name in silent and status == Status.SENDING) for name, status in rows)
        waiting = sum(int(provider.counts()["receipts"]["waiting"]) for provider in self.providers.values())
        return still_open + int(left) + waiting


def _all_messages(provider: SimulatorClient) -> Iterator[dict[str, Any]]:
    last = 0
    while page := provider.messages(since=last, limit=_PAGE):
        yield from page
        last = int(page[-1]["sequence"])


def _name_in(message: dict[str, Any]) -> str:
    found = _NAME.search(json.dumps(message["content"]))
    return found[0] if found else f"unnamed {message['reference']}"
