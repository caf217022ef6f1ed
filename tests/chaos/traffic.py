"""Clients that send texts and emails, and write down what they were answered."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Lock
from typing import Any

import jwt
import urllib3
from attrs import define, field, frozen

from notify_adapters.simulators.behaviours import Behaviour
from notify_adapters.simulators.client import SimulatorClient
from notify_core.notifications.status import Status
from notify_core.vocabulary import Channel
from tests.chaos.history import Request

# How each share of the messages is treated by its provider, and what its last word makes of them.
_SMS_MIX: Mapping[Behaviour, tuple[int, Status]] = {
    Behaviour.DELIVERED: (60, Status.DELIVERED),
    Behaviour.PERMANENT: (6, Status.PERMANENT_FAILURE),
    Behaviour.TEMPORARY: (6, Status.TEMPORARY_FAILURE),
    Behaviour.DUPLICATE_RECEIPTS: (9, Status.DELIVERED),
    Behaviour.LATE_RECEIPT: (6, Status.DELIVERED),
    Behaviour.SLOW: (3, Status.DELIVERED),
    Behaviour.NO_RECEIPT: (4, Status.SENDING),
    Behaviour.LOST_ANSWER: (4, Status.DELIVERED),
    Behaviour.UNKNOWN_STATUS: (2, Status.TECHNICAL_FAILURE),
}
_EMAIL_MIX: Mapping[Behaviour, tuple[int, Status]] = {
    **{name: share for name, share in _SMS_MIX.items() if name is not Behaviour.UNKNOWN_STATUS},
    Behaviour.COMPLAINT: (2, Status.DELIVERED),
}
_SECONDS: Mapping[Behaviour, float] = {Behaviour.SLOW: 1.5, Behaviour.LATE_RECEIPT: 2.0}
_EMAIL_SHARE = 0.3
_FIRST_NUMBER = 447700900300

_THREADS = 4
_TIMEOUT_SECONDS = 5.0
_PAUSE_SECONDS = 0.3
_TRY_AGAIN = frozenset({409, 429, 500, 502, 503, 504})


@frozen(kw_only=True)
class Intended:
    """A message that a client is to send at `due` (seconds from the start)."""

    name: str
    channel: Channel
    recipient: str
    told: Status
    due: float


def intended(messages: int, seconds: float, rng: random.Random) -> list[Intended]:
    """Return what is to be sent, spread evenly over so many seconds."""
    return [_one(number, number * seconds / messages, rng) for number in range(messages)]


def _one(number: int, due: float, rng: random.Random) -> Intended:
    channel = Channel.EMAIL if rng.random() < _EMAIL_SHARE else Channel.SMS
    mix = _EMAIL_MIX if channel is Channel.EMAIL else _SMS_MIX
    (behaviour,) = rng.choices(list(mix), [share for share, _ in mix.values()])
    return Intended(
        name=f"m{number:06}",
        channel=channel,
        recipient=_recipient(channel, behaviour),
        told=mix[behaviour][1],
        due=due,
    )


def _recipient(channel: Channel, behaviour: Behaviour) -> str:
    if channel is Channel.EMAIL:
        return f"{behaviour}@chaos.example"
    return str(_FIRST_NUMBER + list(_SMS_MIX).index(behaviour))


def instruct(sms: list[SimulatorClient], ses: SimulatorClient) -> None:
    """Tell the providers how to treat each recipient. What they do by default is left to them: it changes."""
    for behaviour in _SMS_MIX.keys() - {Behaviour.DELIVERED}:
        for simulator in sms:
            simulator.behave(_recipient(Channel.SMS, behaviour), behaviour, seconds=_SECONDS.get(behaviour))
    for behaviour in _EMAIL_MIX.keys() - {Behaviour.DELIVERED}:
        ses.behave(_recipient(Channel.EMAIL, behaviour), behaviour, seconds=_SECONDS.get(behaviour))


@frozen(kw_only=True)
class Sender:
    """A service that can send: where, with which key and templates."""

    base_url: str
    api_key: str
    templates: Mapping[str, str]

    def headers(self, name: str) -> dict[str, str]:
        """Return what a request for this message comes with. Asked again, it is the same request."""
        # A key is its name, the id of the service and the secret, both UUIDs.
        secret, service = self.api_key[-36:], self.api_key[-73:-37]
        token = jwt.encode({"iss": service, "iat": int(time.time())}, secret, "HS256")
        return {"Authorization": f"Bearer {token}", "Idempotency-Key": name}

    def body(self, message: Intended) -> dict[str, Any]:
        """Return the request's body."""
        to = "email_address" if message.channel is Channel.EMAIL else "phone_number"
        return {
            to: message.recipient,
            "template_id": self.templates[message.channel.value],
            "reference": message.name,
            "personalisation": {"name": message.name, "day": "Monday"},
        }


@define
class Traffic:
    """Sends all of it from a few threads, and asks again for as long as an answer may still come."""

    sender: Sender
    messages: list[Intended]
    patience_seconds: float
    requests: list[Request] = field(factory=list)
    _waiting: Iterator[Intended] = field(init=False)
    _lock: Lock = field(factory=Lock)
    _stopping: Event = field(factory=Event)
    _http: urllib3.PoolManager = field(init=False)
    _began: float = field(init=False, default=0.0)
    _threads: ThreadPoolExecutor = field(init=False)
    _running: list[Future[None]] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        self._waiting = iter(self.messages)
        self._http = urllib3.PoolManager(maxsize=_THREADS, retries=False, timeout=_TIMEOUT_SECONDS)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="client")

    def start(self) -> None:
        """Begin."""
        self._began = time.monotonic()
        self._running = [self._threads.submit(self._send_all) for _ in range(_THREADS)]

    def is_over(self) -> bool:
        """Say whether everything was answered, or given up. Raises what a client failed with."""
        done = [future for future in self._running if future.done()]
        for future in done:
            future.result()
        return len(done) == len(self._running)

    def stop(self) -> None:
        """Send nothing more."""
        self._stopping.set()
        self._threads.shutdown()
        self._http.clear()

    def _send_all(self) -> None:
        while not self._stopping.is_set():
            with self._lock:
                message = next(self._waiting, None)
            if message is None:
                return
            self._stopping.wait(max(0.0, self._began + message.due - time.monotonic()))
            request = self._send(message)
            with self._lock:
                self.requests.append(request)

    def _send(self, message: Intended) -> Request:
        path = "email" if message.channel is Channel.EMAIL else "sms"
        url = f"{self.sender.base_url}/v2/notifications/{path}"
        answers: list[str] = []
        given: str | None = None
        deadline = time.monotonic() + self.patience_seconds
        while given is None and time.monotonic() < deadline and not self._stopping.is_set():
            if answers:
                time.sleep(_PAUSE_SECONDS)
            try:
                answer = self._http.request(
                    "POST", url, json=self.sender.body(message), headers=self.sender.headers(message.name)
                )
            except urllib3.exceptions.HTTPError as error:
                answers.append(type(error).__name__)
                continue
            answers.append(str(answer.status))
            if answer.status == 201:
                given = str(answer.json()["id"])
            elif answer.status not in _TRY_AGAIN:
                raise AssertionError(f"{message.name} was answered {answer.status}: {answer.data[:500]!r}")
        return Request(
            name=message.name, channel=message.channel, told=message.told, id=given, answers=tuple(answers)
        )
