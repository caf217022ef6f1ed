"""What the measurements of delivery share: providers that answer as told, texts to deliver, and their count."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import urllib3
from attrs import frozen

from benchmarks.stage import Stage
from notify_adapters.assembly import queue_admin
from notify_core import ApiKey, KeyType, SmsRequest
from notify_core.outbox.model import Queue

_PROVIDERS = ("mmg", "firetext")
_ACCEPTING_AT_ONCE = 8
_PATIENCE_SECONDS = 300.0


@frozen
class Sender:
    """A service that sends one text again and again: its key and its template."""

    key: ApiKey
    template_id: UUID

    def request(self) -> SmsRequest:
        """Return one text to be sent."""
        return SmsRequest(
            key=self.key,
            phone_number="07700 900123",
            template_id=self.template_id,
            personalisation={"name": "Jo", "day": "Monday"},
        )


def demo_sender(ready: Stage) -> Sender:
    """Return the demo service with its live key."""
    keys = ready.platform.notify.list_api_keys(UUID(ready.world["service_id"]))
    key = next(key for key in keys if key.key_type is KeyType.NORMAL)
    return Sender(key, UUID(ready.world["templates"]["sms"]))


def start_outside(ready: Stage, provider_seconds: float) -> None:
    """Start the providers and the queues, and let the providers take so long for each text."""
    for key in ("queues", *_PROVIDERS):
        ready.start(key)
    for name in _PROVIDERS:
        url = f"{ready.parts.at.url(name)}/_simulator/default"
        slow = {"behaviour": "slow", "seconds": provider_seconds}
        answer = urllib3.request("PUT", url, json=slow if provider_seconds else {"behaviour": "no-receipt"})
        assert answer.status < 300, answer.data
    queue_admin(ready.platform.settings).ensure([queue.value for queue in Queue])


def accept(ready: Stage, sender: Sender, how_many: int) -> None:
    """Accept so many texts of this service, several at a time."""
    with ThreadPoolExecutor(_ACCEPTING_AT_ONCE) as threads:
        list(threads.map(lambda _: ready.platform.notify.send_sms(sender.request()), range(how_many)))


def count_sent(ready: Stage) -> int:
    """Return how many texts the providers have got."""
    total = 0
    for name in _PROVIDERS:
        answer = urllib3.request("GET", f"{ready.parts.at.url(name)}/_simulator/counts")
        total += int(answer.json()["accepted"])
    return total


def wait_until_sent(ready: Stage, wanted: int, every_seconds: float = 0.02) -> int:
    """Wait until the providers have got so many texts, and return how many they have. RuntimeError: too slow."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (sent := count_sent(ready)) < wanted:
        if time.monotonic() > deadline:
            raise RuntimeError(f"only {sent} of {wanted} texts reached the provider in {_PATIENCE_SECONDS:g} s")
        ready.supervisor.check()
        time.sleep(every_seconds)
    return sent
