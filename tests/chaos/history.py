"""What happened, as everybody who took part wrote it down, and what must be true of it. Pure: no I/O.

Three witnesses are heard: the clients, who know which of their requests were answered 201; the providers, who know
what they accepted and what they reported of it; and the database, which says how each message ended and how often it
could not be told whether a provider had it. Services' own servers are a fourth, where they listen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import TypeVar

from attrs import frozen

from notify_core.notifications.status import Status
from notify_core.vocabulary import Channel

_One = TypeVar("_One")

#: In these a message stays for good.
FINAL = frozenset({Status.DELIVERED, Status.TECHNICAL_FAILURE, Status.TEMPORARY_FAILURE, Status.PERMANENT_FAILURE})


@frozen(kw_only=True)
class Request:
    """One message that a client wanted sent. `name` is unique, and in its text; `answers` are those to each attempt.

    `id` is what the 201 said, None when none ever came. `told` is how a message to this recipient ends: the status
    that the provider's last word leads to, or `sending` where it reports nothing.
    """

    name: str
    channel: Channel
    told: Status
    id: str | None
    answers: tuple[str, ...] = ()


@frozen(kw_only=True)
class Handover:
    """A provider accepted a message, which is called `name` in its text."""

    name: str
    provider: str
    at: float


@frozen(kw_only=True)
class Stored:
    """A message as it is stored at the end. `name` is the client's reference, `doubts` how often it was in doubt."""

    id: str
    name: str
    status: Status
    doubts: int = 0
    timeline: tuple[str, ...] = ()


@frozen(kw_only=True)
class Called:
    """A service's server was told that a message has this status."""

    id: str
    status: str


@frozen(kw_only=True)
class History:
    """Everything that the witnesses say. `calls` is None where no service asked to be called."""

    requests: tuple[Request, ...]
    handovers: tuple[Handover, ...]
    stored: tuple[Stored, ...]
    calls: tuple[Called, ...] | None = None


class Wrong(StrEnum):
    """What can be wrong with a message."""

    LOST = "lost"
    DOUBLED = "sent twice without a doubt"
    REPEATED = "accepted twice for one request"
    UNFINISHED = "never finished"
    UNTRUE = "ended otherwise than its provider said"
    UNASKED = "sent without being asked for"
    UNCALLED = "not told to its service"


@frozen(kw_only=True)
class Finding:
    """Something is wrong with the message that is called `name`."""

    wrong: Wrong
    name: str
    what: str
    ids: tuple[str, ...] = ()
    timeline: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say what, with the message's timeline below it."""
        ids = f" ({', '.join(self.ids)})" if self.ids else ""
        return "\n    ".join((f"{self.name}{ids}: {self.wrong}: {self.what}", *self.timeline))


@frozen(kw_only=True)
class Verdict:
    """What came of checking a history."""

    answered: int
    handed_over: int
    doubts: int
    doubles_in_doubt: int
    failed_truthfully: int
    ended: Mapping[str, int]
    calls: int | None
    findings: tuple[Finding, ...]

    def count(self, wrong: Wrong) -> int:
        """Return of how many messages this is wrong."""
        return sum(finding.wrong is wrong for finding in self.findings)


@frozen
class _Message:
    """One message, as all witnesses saw it."""

    request: Request | None
    handovers: list[Handover]
    stored: list[Stored]
    called: list[str] | None

    @property
    def name(self) -> str:
        return (self.request or (self.stored or self.handovers)[0]).name


def check(history: History) -> Verdict:
    """Compare what the witnesses say of each message, and return all that is wrong."""
    messages = list(_messages(history))
    findings = [finding for message in messages for finding in _findings(message)]
    return Verdict(
        answered=sum(request.id is not None for request in history.requests),
        handed_over=len(history.handovers),
        doubts=sum(stored.doubts for stored in history.stored),
        doubles_in_doubt=sum(
            min(len(message.handovers) - 1, _doubts(message)) for message in messages if message.handovers
        ),
        failed_truthfully=sum(map(_failed_truthfully, messages)),
        ended=Counter(str(stored.status) for stored in history.stored),
        calls=None if history.calls is None else len(history.calls),
        findings=tuple(findings),
    )


def _messages(history: History) -> Iterator[_Message]:
    requests = {request.name: request for request in history.requests}
    handovers = _by(lambda handover: handover.name, history.handovers)
    stored = _by(lambda one: one.name, history.stored)
    called = None if history.calls is None else _by(lambda call: call.id, history.calls)
    for name in {**requests, **handovers, **stored}:
        told = None
        if called is not None:
            told = [call.status for one in stored.get(name, ()) for call in called.get(one.id, ())]
        yield _Message(requests.get(name), handovers.get(name, []), stored.get(name, []), told)


def _by(key: Callable[[_One], str], things: Iterable[_One]) -> dict[str, list[_One]]:
    groups: dict[str, list[_One]] = defaultdict(list)
    for thing in things:
        groups[key(thing)].append(thing)
    return groups


def _doubts(message: _Message) -> int:
    return sum(stored.doubts for stored in message.stored)


def _failed_truthfully(message: _Message) -> bool:
    return not message.handovers and any(one.status is Status.TECHNICAL_FAILURE for one in message.stored)


def _findings(message: _Message) -> Iterator[Finding]:
    for wrong, what in _wrongs(message):
        yield Finding(
            wrong=wrong,
            name=message.name,
            what=what,
            ids=tuple(stored.id for stored in message.stored),
            timeline=tuple(line for stored in message.stored for line in stored.timeline),
        )


def _wrongs(message: _Message) -> Iterator[tuple[Wrong, str]]:
    if message.request is None:
        yield Wrong.UNASKED, "no client knows it"
        return
    if len(message.stored) > 1:
        yield Wrong.REPEATED, f"{len(message.stored)} messages; the client was answered {message.request.answers}"
    if message.request.id is not None and message.request.id not in {stored.id for stored in message.stored}:
        yield Wrong.LOST, f"answered 201 with {message.request.id}, which is not stored"
    if not message.stored and message.handovers:
        yield Wrong.UNASKED, "handed over, and not stored"
    if len(message.handovers) > 1 + _doubts(message):
        yield Wrong.DOUBLED, f"{_told(message.handovers)}, with {_doubts(message)} doubts"
    if len(message.stored) == 1:
        yield from _wrong_ends(message, message.request, message.stored[0])


def _wrong_ends(message: _Message, request: Request, stored: Stored) -> Iterator[tuple[Wrong, str]]:
    if _failed_truthfully(message):
        yield from _wrong_calls(message, stored)
        return
    if not message.handovers:
        yield Wrong.LOST, f"no provider accepted it; it is {stored.status}"
    elif stored.status is not request.told:
        wrong = Wrong.UNTRUE if stored.status in FINAL else Wrong.UNFINISHED
        yield wrong, f"it is {stored.status}, its provider's word makes it {request.told}"
    else:
        yield from _wrong_calls(message, stored)


def _wrong_calls(message: _Message, stored: Stored) -> Iterator[tuple[Wrong, str]]:
    if message.called is None or stored.status not in FINAL:
        return
    if stored.status not in message.called:
        yield Wrong.UNCALLED, f"it is {stored.status}; its service was told {message.called or 'nothing'}"


def _told(handovers: Iterable[Handover]) -> str:
    return "handed over " + ", ".join(f"to {one.provider} at {one.at:.3f}" for one in handovers)
