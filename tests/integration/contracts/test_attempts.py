"""What is written down of an attempt, on memory and on PostgreSQL: with whom, how it ended, or that nobody knows."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock
from notify_core.identifiers import NewId
from notify_core.notifications.model import Attempted, Claim, Doubts, Message, Notification, apply_receipt
from notify_core.notifications.status import Status
from notify_core.notifications.timeline import Event, EventKind
from notify_core.providers.model import Choice
from notify_core.unit_of_work import Database
from notify_core.vocabulary import ProviderName
from tests.integration.contracts.conftest import LEASE, Accept

SECOND = timedelta(seconds=1)
WAIT = timedelta(seconds=120)
MMG, FIRETEXT, SES = ProviderName.MMG, ProviderName.FIRETEXT, ProviderName.SES
BOTH = Choice(home=FIRETEXT, abroad=MMG)

Try = Callable[..., Claim]
End = Callable[..., None]


@pytest.fixture
def attempt(database: Database, clock: FixedClock) -> Try:
    """Claim these, each with the same choice."""

    def claim(*messages: Message, choice: Choice = BOTH) -> Claim:
        with database.statement() as work:
            return work.notifications.claim(
                [message.notification.id for message in messages],
                now=clock(),
                until=clock() + LEASE,
                choices=[choice] * len(messages),
                doubt_until=clock() + WAIT,
            )

    return claim


@pytest.fixture
def end(database: Database, clock: FixedClock) -> End:
    """Record how an attempt at a message ended."""

    def record(message: Message, status: Status | None, number: int | None, **more: Any) -> None:
        outcome = Attempted(
            notification_id=message.notification.id, status=status, at=clock(), attempt=number, **more
        )
        with database.statement() as work:
            work.notifications.record([outcome])

    return record


def facts(database: Database, message: Message) -> Notification:
    with database.statement() as work:
        found = work.notifications.find_for_receipt(notification_id=message.notification.id)
    assert found is not None
    return found


def events(database: Database, message: Message, *kinds: EventKind) -> list[Event]:
    with database.statement() as work:
        timeline = work.notifications.find_timeline(message.notification.service_id, message.notification.id)
    assert timeline is not None
    return [event for event in timeline.events() if event.kind in kinds]


def into_doubt(message: Message, attempt: Try, clock: FixedClock) -> None:
    """Claim a message, die, and let somebody find it."""
    attempt(message)
    clock.advance(LEASE)
    assert attempt(message).in_doubt


# The claim


def test_the_provider_is_written_down_that_fits_where_the_message_goes(
    database: Database, accept: Accept, attempt: Try
) -> None:
    home, abroad = accept(), accept(international=True)
    claim = attempt(abroad, home)
    assert [message.notification.attempting_with for message in claim.mine] == [MMG, FIRETEXT]
    assert facts(database, home).attempting_with is FIRETEXT
    (event,) = events(database, abroad, EventKind.ATTEMPTED)
    assert (event.attempt, event.provider) == (1, MMG)


def test_each_message_has_a_choice_of_its_own_and_the_first_counts(
    database: Database, accept: Accept, clock: FixedClock
) -> None:
    one, another = accept(), accept()
    ids = [one.notification.id, another.notification.id, one.notification.id]
    choices = [Choice(home=MMG), Choice(home=FIRETEXT), Choice(home=SES)]
    with database.statement() as work:
        claim = work.notifications.claim(ids, now=clock(), until=clock() + LEASE, choices=choices)
    assert [message.notification.attempting_with for message in claim.mine] == [MMG, FIRETEXT]


def test_with_nobody_to_carry_it_nobody_is_written_down_and_there_is_no_doubt(
    database: Database, accept: Accept, attempt: Try, clock: FixedClock
) -> None:
    message = accept(international=True)
    nobody = Choice(home=FIRETEXT)
    assert attempt(message, choice=nobody).mine[0].notification.attempting_with is None
    clock.advance(LEASE)
    assert attempt(message, choice=nobody).mine[0].notification.attempts == 2
    assert facts(database, message).doubts == 0


# In doubt


def test_what_somebody_was_at_when_the_lease_ran_out_is_in_doubt(
    database: Database, accept: Accept, attempt: Try, clock: FixedClock
) -> None:
    message, free = accept(), accept()
    attempt(message)
    clock.advance(LEASE)
    claim = attempt(free, message)
    until = clock() + WAIT
    assert [mine.notification.id for mine in claim.mine] == [free.notification.id]
    assert (claim.busy, claim.in_doubt) == ({}, {message.notification.id: until})
    assert facts(database, message) == evolve(
        message.notification,
        attempts=1,
        attempting_with=FIRETEXT,
        leased_until=until,
        in_doubt_until=until,
        doubts=1,
    )
    assert events(database, message, EventKind.IN_DOUBT) == [
        Event(at=clock(), kind=EventKind.IN_DOUBT, attempt=1, provider=FIRETEXT)
    ]


def test_while_the_receipt_is_waited_for_it_is_busy_and_then_it_can_be_taken(
    database: Database, accept: Accept, attempt: Try, clock: FixedClock
) -> None:
    message = accept()
    into_doubt(message, attempt, clock)
    until = clock() + WAIT
    clock.advance(WAIT - SECOND)
    assert attempt(message) == Claim(mine=(), busy={message.notification.id: until})
    clock.advance(SECOND)
    (again,) = attempt(message, choice=Choice(home=MMG)).mine
    assert again.notification == evolve(
        message.notification,
        attempts=2,
        attempting_with=MMG,
        leased_until=clock() + LEASE,
        in_doubt_until=until,
        doubts=1,
    ), "the attempt knows that there was a doubt"
    clock.advance(LEASE)
    assert attempt(message).in_doubt == {message.notification.id: clock() + WAIT}
    assert facts(database, message).doubts == 2


def test_a_receipt_ends_the_doubt(database: Database, accept: Accept, attempt: Try, clock: FixedClock) -> None:
    message = accept()
    into_doubt(message, attempt, clock)
    with database.begin() as work:
        before = work.notifications.find_for_receipt(notification_id=message.notification.id)
        assert before is not None
        work.notifications.save(apply_receipt(before, Status.DELIVERED, at=clock(), provider=MMG))
        work.commit()
    clock.advance(WAIT)
    assert attempt(message) == Claim(mine=(), busy={})
    after = facts(database, message)
    assert (after.attempting_with, after.in_doubt_until, after.leased_until, after.doubts) == (None, None, None, 1)


@pytest.mark.parametrize("doubted", [False, True])
def test_an_outcome_ends_the_attempt_and_the_doubt(
    database: Database, accept: Accept, attempt: Try, end: End, clock: FixedClock, doubted: bool
) -> None:
    message = accept()
    into_doubt(message, attempt, clock) if doubted else attempt(message)
    end(message, Status.SENDING, 1, sent_by=FIRETEXT, billable_units=1)
    assert facts(database, message) == evolve(
        message.notification,
        status=Status.SENDING,
        updated_at=clock(),
        sent_at=clock(),
        sent_by=FIRETEXT,
        billable_units=1,
        attempts=1,
        doubts=int(doubted),
    )


def test_a_failure_that_comes_late_ends_the_doubt_too(
    database: Database, accept: Accept, attempt: Try, end: End, clock: FixedClock
) -> None:
    message = accept()
    into_doubt(message, attempt, clock)
    end(message, None, 1, retry_at=clock() + SECOND)
    clock.advance(SECOND)
    (again,) = attempt(message).mine
    assert (again.notification.in_doubt_until, again.notification.attempts) == (None, 2)


def test_an_attempt_can_end_in_doubt(
    database: Database, accept: Accept, attempt: Try, end: End, clock: FixedClock
) -> None:
    message = accept()
    attempt(message)
    until = clock() + WAIT
    end(message, None, 1, retry_at=until, in_doubt=True, tried=FIRETEXT, detail="no answer")
    doubtful = facts(database, message)
    assert (doubtful.attempting_with, doubtful.in_doubt_until, doubtful.leased_until) == (FIRETEXT, until, until)
    assert doubtful.doubts == 1
    assert [event.detail for event in events(database, message, EventKind.IN_DOUBT)] == ["no answer"]
    clock.advance(WAIT)
    assert attempt(message).mine[0].notification.in_doubt_until == until


def test_one_attempt_is_doubted_once(
    database: Database, accept: Accept, attempt: Try, end: End, clock: FixedClock
) -> None:
    """Somebody found the lease run out, and then the provider's silence is recorded."""
    message = accept()
    into_doubt(message, attempt, clock)
    end(message, None, 1, retry_at=clock() + WAIT, in_doubt=True)
    assert facts(database, message).doubts == 1


def test_silence_after_the_receipt_is_no_doubt(
    database: Database, accept: Accept, attempt: Try, end: End, clock: FixedClock
) -> None:
    message = accept()
    attempt(message)
    with database.statement() as work:
        work.notifications.save(apply_receipt(facts(database, message), Status.DELIVERED, at=clock()))
    end(message, None, 1, retry_at=clock() + WAIT, in_doubt=True)
    after = facts(database, message)
    assert (after.status, after.doubts, after.in_doubt_until, after.leased_until) == ("delivered", 0, None, None)


# Outcomes of earlier attempts


@pytest.fixture
def second_attempt(accept: Accept, attempt: Try, clock: FixedClock) -> Message:
    """A message whose second attempt is under way: nobody knows how the first one ended."""
    message = accept()
    into_doubt(message, attempt, clock)
    clock.advance(WAIT)
    assert attempt(message, choice=Choice(home=MMG)).mine[0].notification.attempts == 2
    return message


@pytest.mark.parametrize(
    ("status", "more"),
    [
        (None, {"retry_at": True}),
        (None, {"retry_at": True, "in_doubt": True}),
        (Status.TECHNICAL_FAILURE, {"tried": FIRETEXT, "sent_by": FIRETEXT}),
    ],
)
def test_an_earlier_attempts_failure_changes_nothing_but_the_timeline(
    database: Database,
    second_attempt: Message,
    end: End,
    clock: FixedClock,
    status: Status | None,
    more: dict[str, Any],
) -> None:
    before = facts(database, second_attempt)
    if "retry_at" in more:
        more = more | {"retry_at": clock() + timedelta(hours=1)}
    end(second_attempt, status, 1, detail="late", **more)
    assert facts(database, second_attempt) == before
    told = events(database, second_attempt, EventKind.POSTPONED, EventKind.FAILED, EventKind.IN_DOUBT)
    assert [event.detail for event in told][-1] == "late"


def test_an_earlier_attempts_success_counts_while_nothing_else_has(
    database: Database, second_attempt: Message, end: End, attempt: Try, clock: FixedClock
) -> None:
    end(second_attempt, Status.SENDING, 1, sent_by=FIRETEXT, reference="first", billable_units=2)
    first = facts(database, second_attempt)
    assert (first.status, first.sent_by, first.reference, first.billable_units) == ("sending", FIRETEXT, "first", 2)
    assert (first.attempting_with, first.in_doubt_until, first.leased_until) == (None, None, None)
    clock.advance(LEASE)
    assert attempt(second_attempt) == Claim(mine=(), busy={})
    end(second_attempt, None, 2, retry_at=clock() + WAIT)
    assert facts(database, second_attempt) == first, "the later attempt's failure has nothing left to change"


def test_an_earlier_attempts_success_fills_in_what_nobody_has_said(
    database: Database, second_attempt: Message, end: End, clock: FixedClock
) -> None:
    with database.statement() as work:
        work.notifications.save(apply_receipt(facts(database, second_attempt), Status.DELIVERED, at=clock()))
    end(second_attempt, Status.SENDING, 1, sent_by=FIRETEXT, reference="first", billable_units=2)
    filled = facts(database, second_attempt)
    assert (filled.status, filled.sent_by, filled.reference, filled.billable_units, filled.sent_at) == (
        "delivered",
        FIRETEXT,
        "first",
        2,
        clock(),
    )
    end(second_attempt, Status.SENDING, 1, sent_by=MMG, reference="other", billable_units=9)
    assert facts(database, second_attempt) == filled


# Going on with another provider


def test_an_attempt_goes_on_with_another_provider(
    database: Database, accept: Accept, attempt: Try, clock: FixedClock
) -> None:
    message = accept()
    (mine,) = attempt(message).mine
    with database.statement() as work:
        assert work.notifications.redirect(mine.notification, MMG, now=clock(), because="x" * 300)
        assert not work.notifications.redirect(mine.notification, MMG, now=clock()), "it goes with another already"
    assert facts(database, message) == evolve(mine.notification, attempting_with=MMG)
    assert [
        (event.attempt, event.provider, event.detail) for event in events(database, message, EventKind.ATTEMPTED)
    ] == [
        (1, FIRETEXT, None),
        (1, MMG, "x" * 200),
    ]


def receive(database: Database, message: Message, attempt: Try, clock: FixedClock) -> None:
    del attempt
    with database.statement() as work:
        work.notifications.save(apply_receipt(facts(database, message), Status.DELIVERED, at=clock()))


def run_out(database: Database, message: Message, attempt: Try, clock: FixedClock) -> None:
    del database, message, attempt
    clock.advance(LEASE)


def doubt(database: Database, message: Message, attempt: Try, clock: FixedClock) -> None:
    del database
    clock.advance(LEASE)
    attempt(message)


def take_over(database: Database, message: Message, attempt: Try, clock: FixedClock) -> None:
    doubt(database, message, attempt, clock)
    clock.advance(WAIT)
    attempt(message)


@pytest.mark.parametrize("meanwhile", [receive, run_out, doubt, take_over])
def test_an_attempt_that_is_not_ours_any_more_goes_nowhere(
    database: Database, accept: Accept, attempt: Try, clock: FixedClock, meanwhile: Callable[..., None]
) -> None:
    message = accept()
    (mine,) = attempt(message).mine
    meanwhile(database, message, attempt, clock)
    before = facts(database, message)
    with database.statement() as work:
        assert not work.notifications.redirect(mine.notification, MMG, now=clock())
    assert facts(database, message) == before


def test_what_is_not_known_goes_nowhere(
    database: Database, make_message: Callable[..., Message], clock: FixedClock
) -> None:
    with database.statement() as work:
        assert not work.notifications.redirect(make_message().notification, MMG, now=clock())


# All at once


def test_of_many_who_find_an_abandoned_message_one_counts_the_doubt(
    database: Database, accept: Accept, attempt: Try, clock: FixedClock
) -> None:
    messages = [accept() for _ in range(10)]
    attempt(*messages)
    clock.advance(LEASE)
    start = Barrier(4)

    def find(_: int) -> Claim:
        start.wait()
        return attempt(*messages)

    with ThreadPoolExecutor(4) as pool:
        claims = list(pool.map(find, range(4)))
    assert all(claim.mine == () for claim in claims)
    found: list[UUID] = [key for claim in claims for key in claim.in_doubt]
    assert sorted(found) == sorted(message.notification.id for message in messages)
    assert {facts(database, message).doubts for message in messages} == {1}


def test_doubts_are_counted(
    database: Database, accept: Accept, attempt: Try, clock: FixedClock, new_id: NewId
) -> None:
    old = accept()
    clock.advance(timedelta(days=8))
    settled, open_still, _ = accept(id=new_id()), accept(id=new_id()), accept(id=new_id())
    for message in (old, settled, open_still):
        into_doubt(message, attempt, clock)
    with database.statement() as work:
        for message in (old, settled):
            work.notifications.save(apply_receipt(facts(database, message), Status.DELIVERED, at=clock()))
        assert work.notifications.count_doubts(since=clock() - timedelta(days=7)) == Doubts(now=1, ever=2)
