from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock
from notify_core.identifiers import NewId
from notify_core.notifications.model import Attempted, Claim, Message, Notification
from notify_core.notifications.status import Status
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel, KeyType, ProviderName
from tests.integration.contracts.conftest import LEASE, Accept, MakeMessage

SECOND = timedelta(seconds=1)


def facts(database: Database, message: Message) -> Notification:
    with database.statement() as work:
        found = work.notifications.find_for_receipt(notification_id=message.notification.id)
    assert found is not None
    return found


def claim(database: Database, clock: FixedClock, *messages: Message) -> Claim:
    with database.statement() as work:
        return work.notifications.claim(
            [message.notification.id for message in messages], now=clock(), until=clock() + LEASE
        )


def record(database: Database, *outcomes: Attempted) -> None:
    with database.statement() as work:
        work.notifications.record(outcomes)


def attempted(message: Message, status: Status | None, clock: FixedClock, **more: Any) -> Attempted:
    return Attempted(notification_id=message.notification.id, status=status, at=clock(), **more)


def save(database: Database, message: Message, **changes: Any) -> None:
    with database.statement() as work:
        work.notifications.save(evolve(facts(database, message), **changes))


# Accepting and finding


def test_a_message_comes_back_with_its_contents(database: Database, accept: Accept) -> None:
    message = accept()
    with database.statement() as work:
        assert work.notifications.find(message.notification.service_id, message.notification.id) == message


@pytest.mark.parametrize("days", [0, 1, 90, 400, -400])
def test_a_wrong_guess_at_its_last_day_does_not_hide_a_message(
    database: Database, accept: Accept, clock: FixedClock, days: int
) -> None:
    message = accept()
    facts = message.notification
    likely = facts.expires_on + timedelta(days=days)
    with database.statement() as work:
        assert work.notifications.find(facts.service_id, facts.id, likely_expiry=likely) == message
        assert work.notifications.find(UUID(int=1), facts.id, likely_expiry=likely) is None
    with database.begin() as work:
        assert work.notifications.find(facts.service_id, facts.id, likely_expiry=likely) == message
        work.notifications.save(evolve(facts, status=Status.SENDING))
        work.commit()
    clock.advance(timedelta(days=8))
    with database.statement() as work:
        assert work.notifications.find(facts.service_id, facts.id, likely_expiry=likely) is None


def test_every_fact_is_kept(database: Database, accept: Accept, clock: FixedClock) -> None:
    message = accept(
        channel=Channel.EMAIL,
        key_type=KeyType.TEST,
        api_key_id=None,
        status=Status.TEMPORARY_FAILURE,
        updated_at=clock() + SECOND,
        sent_at=clock() + 2 * SECOND,
        sent_by=ProviderName.SES,
        reference="from-ses",
        billable_units=9,
        international=True,
        country_prefix=None,
        rate_multiplier=None,
        document_download_count=2,
        attempts=3,
        leased_until=clock() + LEASE,
    )
    assert facts(database, message) == message.notification


def test_accepting_promises_delivery(database: Database, accept: Accept, clock: FixedClock) -> None:
    message = accept()
    with database.statement() as work:
        (entry,) = work.outbox.take(limit=9, due_before=clock() + SECOND, now=clock(), until=clock())
    assert (entry.subject_id, entry.group) == (message.notification.id, message.notification.service_id)


def test_another_services_message_is_not_found(database: Database, accept: Accept, new_id: NewId) -> None:
    message = accept()
    with database.statement() as work:
        assert work.notifications.find(new_id(), message.notification.id) is None
        assert work.notifications.find(message.notification.service_id, new_id()) is None


def test_a_message_is_found_until_the_london_day_its_contents_expire_on(
    database: Database, accept: Accept, clock: FixedClock
) -> None:
    message = accept()
    key = (message.notification.service_id, message.notification.id)
    clock.now = clock.now.replace(day=28, hour=23, minute=59)
    with database.statement() as work:
        assert work.notifications.find(*key) == message
        clock.advance(timedelta(minutes=1))
        assert work.notifications.find(*key) is None
        assert work.notifications.find_for_receipt(notification_id=key[1]) == message.notification


# Claiming


def test_a_claim_leases_and_counts_the_attempt(database: Database, accept: Accept, clock: FixedClock) -> None:
    messages = [accept() for _ in range(3)]
    claimed = claim(database, clock, messages[2], messages[0], messages[2])
    assert [message.notification.id for message in claimed.mine] == [
        messages[2].notification.id,
        messages[0].notification.id,
    ]
    first = claimed.mine[0]
    assert first.contents == messages[2].contents
    assert first.notification == evolve(messages[2].notification, attempts=1, leased_until=clock() + LEASE)
    assert claimed.busy == {}
    assert facts(database, messages[2]) == first.notification
    assert facts(database, messages[1]) == messages[1].notification


def test_what_is_leased_is_busy_until_its_lease_ends(database: Database, accept: Accept, clock: FixedClock) -> None:
    message = accept()
    claim(database, clock, message)
    until = clock() + LEASE
    clock.advance(LEASE - SECOND)
    assert claim(database, clock, message) == Claim(mine=(), busy={message.notification.id: until})
    clock.advance(SECOND)
    (again,) = claim(database, clock, message).mine
    assert (again.notification.attempts, again.notification.leased_until) == (2, clock() + LEASE)


def test_only_what_is_created_can_be_claimed(
    database: Database, accept: Accept, clock: FixedClock, make_message: MakeMessage
) -> None:
    others = [accept(status=status) for status in Status if status is not Status.CREATED]
    assert claim(database, clock, *others, make_message()) == Claim(mine=(), busy={})
    assert claim(database, clock) == Claim(mine=(), busy={})


def test_messages_of_different_months_are_claimed_together(
    database: Database, accept: Accept, clock: FixedClock, new_id: NewId
) -> None:
    this_month = accept()
    clock.advance(timedelta(days=30))
    next_month = accept(id=new_id(), expires_on=this_month.notification.expires_on)
    assert len(claim(database, clock, next_month, this_month).mine) == 2


def test_two_claims_at_once_never_both_get_a_message(database: Database, accept: Accept, clock: FixedClock) -> None:
    rounds, rivals = 15, 4
    batches = [[accept() for _ in range(5)] for _ in range(rounds)]
    start = Barrier(rivals)

    def rival(number: int) -> list[Claim]:
        claims = []
        for batch in batches:
            start.wait()
            claims.append(claim(database, clock, *(batch if number % 2 else reversed(batch))))
        return claims

    with ThreadPoolExecutor(rivals) as pool:
        by_round = zip(*pool.map(rival, range(rivals)), strict=True)
        for batch, claims in zip(batches, by_round, strict=True):
            ids = {message.notification.id for message in batch}
            mine = [message.notification.id for one in claims for message in one.mine]
            assert sorted(mine) == sorted(ids), "each is somebody's, once"
            for one in claims:
                own = {message.notification.id for message in one.mine}
                assert own | set(one.busy) == ids, "who did not get it knows that somebody has it"


# Recording


def test_an_outcome_is_recorded_and_the_lease_ends(database: Database, accept: Accept, clock: FixedClock) -> None:
    message = accept()
    claim(database, clock, message)
    record(
        database,
        attempted(message, Status.SENDING, clock, sent_by=ProviderName.SES, reference="theirs", billable_units=2),
    )
    assert facts(database, message) == evolve(
        message.notification,
        status=Status.SENDING,
        updated_at=clock(),
        sent_at=clock(),
        sent_by=ProviderName.SES,
        reference="theirs",
        billable_units=2,
        attempts=1,
    )


def test_an_attempt_without_outcome_only_ends_the_lease(
    database: Database, accept: Accept, clock: FixedClock
) -> None:
    message = accept()
    claim(database, clock, message)
    record(database, attempted(message, None, clock))
    assert facts(database, message) == evolve(message.notification, attempts=1)


def test_a_receipt_that_came_first_stays(database: Database, accept: Accept, clock: FixedClock) -> None:
    message = accept()
    claim(database, clock, message)
    save(database, message, status=Status.DELIVERED, updated_at=clock(), sent_by=ProviderName.MMG, leased_until=None)
    delivered = facts(database, message)
    clock.advance(SECOND)
    record(database, attempted(message, Status.SENDING, clock, sent_by=ProviderName.FIRETEXT, billable_units=1))
    assert facts(database, message) == evolve(
        delivered, sent_by=ProviderName.FIRETEXT, sent_at=clock(), billable_units=1
    )


def test_recording_keeps_what_an_earlier_attempt_knew(database: Database, accept: Accept, clock: FixedClock) -> None:
    earlier = clock()
    message = accept(sent_at=earlier, sent_by=ProviderName.MMG, reference="old", billable_units=3)
    clock.advance(SECOND)
    record(database, attempted(message, Status.SENDING, clock, sent_by=ProviderName.FIRETEXT, reference=""))
    after = facts(database, message)
    assert (after.sent_at, after.sent_by, after.reference, after.billable_units) == (
        earlier,
        ProviderName.FIRETEXT,
        "old",
        3,
    )


def test_a_batch_is_recorded_together_and_unknown_messages_are_ignored(
    database: Database, accept: Accept, clock: FixedClock, make_message: MakeMessage
) -> None:
    messages = [accept() for _ in range(3)]
    statuses: Sequence[Status | None] = (Status.SENDING, Status.TECHNICAL_FAILURE, None)
    outcomes = [attempted(message, status, clock) for message, status in zip(messages, statuses, strict=True)]
    record(database, *outcomes, attempted(make_message(), Status.SENDING, clock))
    record(database)
    assert [facts(database, message).status for message in messages] == ["sending", "technical-failure", "created"]


# Receipts


def test_a_message_is_found_by_its_providers_reference(database: Database, accept: Accept) -> None:
    message = accept(sent_by=ProviderName.SES, reference="ours")
    accept(sent_by=ProviderName.SES, reference="another")
    with database.begin() as work:
        assert work.notifications.find_by_reference(ProviderName.SES, "ours") == message.notification
        assert work.notifications.find_by_reference(ProviderName.MMG, "ours") is None
        assert work.notifications.find_by_reference(ProviderName.SES, "nobody's") is None


def test_saving_changes_what_a_receipt_may_change(database: Database, accept: Accept, clock: FixedClock) -> None:
    message = accept()
    changes: dict[str, Any] = {
        "status": Status.PENDING,
        "updated_at": clock() + SECOND,
        "sent_at": clock(),
        "sent_by": ProviderName.MMG,
        "reference": "r",
        "billable_units": 4,
        "attempts": 7,
        "leased_until": clock() + LEASE,
    }
    save(database, message, **changes)
    assert facts(database, message) == evolve(message.notification, **changes)


def test_receipts_of_one_message_take_turns(database: Database, accept: Accept) -> None:
    message = accept()

    def count_up(_: int) -> None:
        with database.begin() as work:
            found = work.notifications.find_for_receipt(notification_id=message.notification.id)
            assert found is not None
            work.notifications.save(evolve(found, attempts=found.attempts + 1))
            work.commit()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count_up, range(40)))
    assert facts(database, message).attempts == 40


def test_what_is_to_be_tried_again_later_cannot_be_claimed_before(
    database: Database, accept: Accept, clock: FixedClock
) -> None:
    key = accept().notification.id
    retry_at = clock() + timedelta(minutes=5)
    with database.statement() as work:
        assert work.notifications.claim([key], now=clock(), until=clock() + timedelta(seconds=30)).mine
        work.notifications.record([Attempted(notification_id=key, status=None, at=clock(), retry_at=retry_at)])
        early = work.notifications.claim([key], now=retry_at - SECOND, until=retry_at + timedelta(seconds=30))
        assert (early.mine, dict(early.busy)) == ((), {key: retry_at})
        in_time = work.notifications.claim([key], now=retry_at, until=retry_at + timedelta(seconds=30))
    assert [message.notification.id for message in in_time.mine] == [key]


# The net below


def undelivered(database: Database, clock: FixedClock, limit: int = 10) -> list[UUID]:
    with database.statement() as work:
        found = work.notifications.find_undelivered(
            after=clock() - timedelta(hours=2), before=clock() - timedelta(hours=1), limit=limit
        )
    return [notification.id for notification in found]


def test_what_is_created_in_the_window_and_in_nobodys_hands_is_undelivered(
    database: Database, accept: Accept, clock: FixedClock
) -> None:
    now = clock()
    in_window = now - timedelta(hours=2)
    wanted = [
        accept(created_at=in_window),
        accept(created_at=in_window, channel=Channel.EMAIL),
        accept(created_at=in_window, leased_until=now - timedelta(hours=1)),
    ]
    accept(created_at=in_window - SECOND)
    accept(created_at=now - timedelta(hours=1))
    accept(created_at=in_window, channel=Channel.LETTER)
    accept(created_at=in_window, leased_until=now - timedelta(hours=1) + SECOND)
    accept(created_at=in_window, status=Status.SENDING)
    ids = [message.notification.id for message in wanted]
    assert undelivered(database, clock) == ids
    assert undelivered(database, clock, limit=2) == ids[:2]


@pytest.mark.parametrize("personalisation", [{}, {"a": "b"}, {"ключ": "значение"}, {"n": 10**30}])
def test_personalisation_comes_back_as_it_was(
    database: Database, make_message: MakeMessage, new_id: NewId, personalisation: dict[str, object]
) -> None:
    from tests.integration.contracts.conftest import entry_for

    message = make_message()
    message = evolve(message, contents=evolve(message.contents, personalisation=personalisation))
    with database.statement() as work:
        work.notifications.accept(message, entry_for(message.notification.id, message, new_id()))
        assert work.notifications.find(message.notification.service_id, message.notification.id) == message


# What a relay asks about what it has published


def test_unclaimed_is_what_a_claim_would_get(
    database: Database, accept: Accept, clock: FixedClock, new_id: NewId
) -> None:
    untouched, claimed, sent = accept(), accept(), accept(status=Status.SENDING)
    over, waiting = accept(leased_until=clock()), accept(leased_until=clock() + SECOND)
    claim(database, clock, claimed)
    everybody = [message.notification.id for message in (untouched, claimed, sent, over, waiting)]
    with database.statement() as work:
        unclaimed = work.notifications.find_unclaimed([*everybody, new_id()], now=clock())
        assert work.notifications.find_unclaimed([], now=clock()) == set()
    assert unclaimed == {untouched.notification.id, over.notification.id}
