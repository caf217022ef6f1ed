"""Call endpoints: lease each, take what is due, let the database go, call, record; and again, while there is more.

A task names endpoints, not callbacks. What is to be told to an endpoint waits in its table, oldest first, and never
on the queue; so a backlog of one endpoint stands in nobody's way, and an endpoint is called by one worker at a time.

No callback is stranded, though a task that finds its endpoint leased does nothing. Its callback was committed before
it ran, so before the holder gives the lease back, which had not happened yet when the task looked. The holder looks
for more only after that has been committed, in a statement of its own, and so sees the callback. If the holder
dies instead, the broker brings its task again when the lease has run out, and `WakeEndpoints` is the net below.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from attrs import define, evolve, field, frozen

from notify_core.callbacks.announce import promised
from notify_core.callbacks.model import (
    Answer,
    Attempt,
    Callback,
    CallbackState,
    Endpoint,
    Health,
    Lease,
    Meaning,
    Outcome,
    health_after,
    meaning_of,
)
from notify_core.callbacks.ports import Call, Caller
from notify_core.callbacks.retry_after import read_retry_after
from notify_core.callbacks.signatures import signature_headers
from notify_core.clock import Clock
from notify_core.identifiers import NewId
from notify_core.outbox.model import OutboxEntry
from notify_core.providers.ports import InFlight
from notify_core.retries import CALLBACK_RETRIES, CallbackRetries, RetryAfter
from notify_core.unit_of_work import Database

# Longer than any round of calls (10 seconds), and renewed before each. Shorter than the queues' visibility timeout.
_LEASE = timedelta(seconds=30)
# After that long no further round is begun: the rest is promised anew, so that others get their turn.
_TURN = timedelta(seconds=10)
_WAKE_AFTER = timedelta(minutes=2)


@frozen(kw_only=True)
class Called:
    """How one call went, for the log: nothing of the URL but whose it is."""

    callback: Callback
    attempt: int
    answer: Answer
    state: CallbackState
    next_attempt_at: datetime | None


class CallbackLog:
    """Where calls are told. This one keeps silent; a shell brings one that writes."""

    def called(self, called: Called) -> None:
        """Hear how one call went."""

    def paused(self, endpoint: Endpoint, health: Health) -> None:
        """Hear that an endpoint is left alone for a while."""

    def switched_off(self, endpoint: Endpoint, abandoned: int) -> None:
        """Hear that an endpoint said that it was gone, and how many callbacks that wait for it were abandoned."""


@define
class _Turn:
    """One endpoint while it is ours."""

    lease: Lease
    health: Health
    gone: bool = False

    @property
    def endpoint(self) -> Endpoint:
        return self.lease.endpoint


@frozen(kw_only=True)
class SendCallbacks:
    """Call some endpoints. `ailing`: also those that failed or were slow lately; else these are passed on."""

    database: Database
    caller: Caller
    in_flight: InFlight
    clock: Clock
    new_id: NewId
    ailing: bool = False
    retries: CallbackRetries = CALLBACK_RETRIES
    log: CallbackLog = field(factory=CallbackLog)

    def __call__(self, endpoint_ids: Sequence[UUID]) -> list[Outcome]:
        """Call those of the endpoints that are nobody else's at present, and return how each call went."""
        outcomes: list[Outcome] = []
        turns = self._lease(endpoint_ids)
        end = self.clock() + _TURN
        serving = turns
        while serving and self.clock() < end:
            due = self._due(serving)
            results = self.in_flight(self._attempt, [(turn, one) for turn, some in due for one in some])
            self._record(due, results)
            outcomes += results
            now = self.clock()
            serving = [turn for turn, some in due if some and not turn.gone and not turn.health.is_paused(now)]
        self._give_back(turns)
        return outcomes

    def _lease(self, endpoint_ids: Sequence[UUID]) -> list[_Turn]:
        now = self.clock()
        with self.database.statement() as work:
            leases = work.callbacks.lease(
                list(dict.fromkeys(endpoint_ids)), now=now, until=now + _LEASE, ailing=self.ailing
            )
            if leases.ailing:
                work.outbox.add(self._promise(endpoint, now, ailing=True) for endpoint in leases.ailing)
        return [_Turn(lease, lease.endpoint.health) for lease in leases.mine]

    def _promise(self, endpoint: Endpoint, at: datetime, *, ailing: bool) -> OutboxEntry:
        return promised(endpoint.id, endpoint.service_id, entry_id=self.new_id(), at=at, ailing=ailing)

    def _due(self, turns: Iterable[_Turn]) -> list[tuple[_Turn, list[Callback]]]:
        now = self.clock()
        due = []
        with self.database.statement() as work:
            for turn in turns:
                until = now + _LEASE
                limit = turn.health.calls_at_once
                some = work.callbacks.due(turn.lease, now=now, until=until, limit=limit)
                turn.lease = evolve(turn.lease, until=until)
                due.append((turn, some))
        return due

    def _attempt(self, item: tuple[_Turn, Callback]) -> Outcome:
        turn, callback = item
        endpoint = turn.endpoint
        began = self.clock()
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {endpoint.bearer_token}",
            **signature_headers(endpoint.secrets, str(callback.id), began, callback.body),
        }
        answer = self.caller(Call(url=endpoint.url, headers=headers, body=callback.body))
        return self._outcome(callback, answer)

    def _outcome(self, callback: Callback, answer: Answer) -> Outcome:
        now = self.clock()
        number = callback.attempts + 1
        attempt = Attempt(callback_id=callback.id, number=number, at=now, answer=answer)
        meaning = meaning_of(answer)
        if meaning is Meaning.PASSING:
            decision = self.retries.after(
                callback.tries + 1, now - callback.queued_at, read_retry_after(answer.retry_after, now)
            )
            if isinstance(decision, RetryAfter):
                return Outcome(
                    callback=callback,
                    attempt=attempt,
                    state=CallbackState.WAITING,
                    next_attempt_at=now + decision.delay,
                )
        taken = meaning is Meaning.TAKEN
        detail = f"{callback.kind}: {'' if taken else 'not delivered, '}{answer.told}, call {number}"
        return Outcome(
            callback=callback,
            attempt=attempt,
            state=CallbackState.DELIVERED if taken else CallbackState.FAILED,
            detail=detail,
        )

    def _record(self, due: Sequence[tuple[_Turn, list[Callback]]], outcomes: Sequence[Outcome]) -> None:
        if not outcomes:
            return
        with self.database.statement() as work:
            work.callbacks.record(outcomes)
        now = self.clock()
        for turn, _ in due:
            theirs = [one for one in outcomes if one.callback.endpoint_id == turn.endpoint.id]
            answers = [one.attempt.answer for one in theirs]
            waits = [wait for one in answers if (wait := _asked_to_wait(one, now)) is not None]
            turn.health = health_after(turn.health, answers, now=now, asked_to_wait=max(waits, default=None))
            turn.gone = any(meaning_of(answer) is Meaning.GONE for answer in answers)
        for outcome in outcomes:
            self.log.called(
                Called(
                    callback=outcome.callback,
                    attempt=outcome.attempt.number,
                    answer=outcome.attempt.answer,
                    state=outcome.state,
                    next_attempt_at=outcome.next_attempt_at,
                )
            )

    def _give_back(self, turns: Iterable[_Turn]) -> None:
        for turn in turns:
            with self.database.statement() as work:
                if turn.gone:
                    self.log.switched_off(turn.endpoint, work.callbacks.switch_off(turn.endpoint.id))
                work.callbacks.give_back(turn.lease, turn.health)
            if turn.health.is_paused(self.clock()):
                self.log.paused(turn.endpoint, turn.health)
            self._look_again(turn)

    def _look_again(self, turn: _Turn) -> None:
        """Promise what is still to be done for an endpoint; only after its lease has been given back (see above)."""
        now = self.clock()
        with self.database.begin() as work:
            at = work.callbacks.promise(turn.endpoint.id, now=now)
            if at is not None:
                # What is to be done later is a retry.
                ailing = at > now or turn.health.is_ailing(now)
                work.outbox.add([self._promise(turn.endpoint, at, ailing=ailing)])
            work.commit()


@frozen
class WakeEndpoints:
    """Promise what was forgotten: endpoints with callbacks that have been due for minutes while nobody was at it.

    There should be none. This is the net below: a queue that was purged, or a message that its dead-letter queue has.
    """

    database: Database
    clock: Clock
    new_id: NewId

    def __call__(self, limit: int = 1000) -> int:
        """Promise to call at most `limit` such endpoints, and return how many there were. Harmless to repeat."""
        now = self.clock()
        with self.database.begin() as work:
            found = work.callbacks.overdue(before=now - _WAKE_AFTER, now=now, limit=limit)
            work.outbox.add(
                promised(one.id, one.service_id, entry_id=self.new_id(), at=now, ailing=True) for one in found
            )
            work.commit()
        return len(found)


def _asked_to_wait(answer: Answer, now: datetime) -> timedelta | None:
    return read_retry_after(answer.retry_after, now) if answer.status in {429, 503} else None
