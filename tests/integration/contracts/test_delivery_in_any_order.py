"""Claims, outcomes and receipts in any order: memory and PostgreSQL end in the same state, whatever happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from attrs import evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from notify_adapters.memory import FixedClock, MemoryDatabase
from notify_adapters.postgres import PostgresDatabase
from notify_core.notifications.model import Attempted, Message, apply_receipt
from notify_core.notifications.record_receipt import store
from notify_core.notifications.status import Status
from notify_core.notifications.timeline import Timeline, received
from notify_core.providers.model import Choice
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel, ProviderName
from tests.integration.contracts.conftest import CIPHER, LEASE, entry_for, ids_of, message_of

WAIT = timedelta(seconds=60)

Step = Callable[[Database, list[Message], FixedClock], Any]


@frozen
class Wait:
    seconds: int

    def __call__(self, _: Database, __: list[Message], clock: FixedClock) -> None:
        clock.advance(timedelta(seconds=self.seconds))


@frozen
class ClaimSome:
    choices: tuple[tuple[int, ProviderName | None], ...]

    def __call__(self, database: Database, messages: list[Message], clock: FixedClock) -> Any:
        with database.statement() as work:
            return work.notifications.claim(
                [messages[number].notification.id for number, _ in self.choices],
                now=clock(),
                until=clock() + LEASE,
                choices=[Choice(home=home, abroad=ProviderName.MMG) for _, home in self.choices],
                doubt_until=clock() + WAIT,
            )


@frozen
class Redirect:
    number: int
    attempts: int
    claimed: ProviderName | None

    def __call__(self, database: Database, messages: list[Message], clock: FixedClock) -> Any:
        claimed = evolve(messages[self.number].notification, attempts=self.attempts, attempting_with=self.claimed)
        with database.statement() as work:
            return work.notifications.redirect(claimed, ProviderName.FIRETEXT, now=clock(), because="elsewhere")


@frozen
class RecordOutcomes:
    outcomes: dict[int, tuple[Status | None, ProviderName | None, str | None, int, int | None, bool]]

    def __call__(self, database: Database, messages: list[Message], clock: FixedClock) -> None:
        with database.statement() as work:
            work.notifications.record(
                [
                    Attempted(
                        notification_id=messages[number].notification.id,
                        status=status,
                        at=clock(),
                        sent_by=provider,
                        reference=reference and f"{reference} {messages[number].notification.id}",
                        billable_units=units,
                        retry_at=clock() + LEASE if status is None else None,
                        attempt=attempt,
                        in_doubt=in_doubt and status is None,
                    )
                    for number, (status, provider, reference, units, attempt, in_doubt) in self.outcomes.items()
                ]
            )


@frozen
class Receive:
    number: int
    status: Status

    def __call__(self, database: Database, messages: list[Message], clock: FixedClock) -> Any:
        with database.begin() as work:
            before = work.notifications.find_for_receipt(notification_id=messages[self.number].notification.id)
            assert before is not None
            after = apply_receipt(before, self.status, at=clock(), provider=ProviderName.FIRETEXT)
            store(work, before, after, received(self.status, at=clock(), provider=ProviderName.FIRETEXT))
            work.commit()
        return after


@frozen
class ReceiveByReference:
    number: int
    status: Status

    def __call__(self, database: Database, messages: list[Message], clock: FixedClock) -> Any:
        reference = f"theirs {messages[self.number].notification.id}"
        with database.begin() as work:
            before = work.notifications.find_by_reference(ProviderName.SES, reference)
            if before is None:
                return None
            event = received(self.status, at=clock(), provider=ProviderName.SES)
            store(work, before, apply_receipt(before, self.status, at=clock()), event)
            work.commit()
        return before


numbers = st.integers(0, 2)
outcome = st.tuples(
    st.sampled_from([None, Status.SENDING, Status.SENT, Status.TECHNICAL_FAILURE]),
    st.sampled_from([None, ProviderName.MMG, ProviderName.SES]),
    st.sampled_from([None, "theirs"]),
    st.integers(0, 2),
    st.sampled_from([None, 1, 2, 3]),
    st.booleans(),
)
providers = st.sampled_from([None, ProviderName.MMG, ProviderName.SES])
receipts = st.sampled_from([Status.DELIVERED, Status.PENDING, Status.TEMPORARY_FAILURE, Status.PERMANENT_FAILURE])
steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(Wait, st.sampled_from([1, 29, 30, 31, 59, 60, 61])),
    st.builds(ClaimSome, st.lists(st.tuples(numbers, providers), max_size=4).map(tuple)),
    st.builds(Redirect, numbers, st.integers(1, 3), providers),
    st.builds(RecordOutcomes, st.dictionaries(numbers, outcome)),
    st.builds(Receive, numbers, receipts),
    st.builds(ReceiveByReference, numbers, receipts),
)
kinds = st.lists(st.tuples(st.sampled_from([Channel.SMS, Channel.EMAIL]), st.booleans()), min_size=3, max_size=3)


def play(database: Database, messages: list[Message], clock: FixedClock, script: list[Step]) -> list[Any]:
    """Accept the messages, take the steps; return what each step said, how every message ended, and its timeline."""
    with database.statement() as work:
        for message in messages:
            work.notifications.accept(message, entry_for(message.notification.id, message, message.notification.id))
    told = [step(database, messages, clock) for step in script]
    with database.statement() as work:
        ends = [
            work.notifications.find(message.notification.service_id, message.notification.id) for message in messages
        ]
        timelines = [
            work.notifications.find_timeline(message.notification.service_id, message.notification.id)
            for message in messages
        ]
    return [*told, *ends, *map(in_any_order, timelines)]


def in_any_order(timeline: Timeline | None) -> Any:
    """Return the events of a timeline as both adapters can compare them: several may have one time."""
    assert timeline is not None
    return Counter(timeline.events())


@settings(max_examples=60, deadline=None)
@given(kinds, st.lists(steps, max_size=18))
def test_both_adapters_tell_and_end_the_same(
    postgres_engine: Engine, kinds: list[tuple[Channel, bool]], script: list[Step]
) -> None:
    first, second = FixedClock(), FixedClock()
    new_id = ids_of(first)
    service_id = new_id()
    messages = [
        message_of(service_id, first, new_id, channel=channel, international=abroad) for channel, abroad in kinds
    ]
    in_memory = play(MemoryDatabase(first), messages, first, script)
    in_postgres = play(PostgresDatabase(postgres_engine, CIPHER, second), messages, second, script)
    assert in_postgres == in_memory
