"""The relay: nothing promised is lost, whatever the broker does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_core.outbox.ahead import AHEAD, MOST_EACH
from notify_core.outbox.model import (
    LONGEST_BROKER_DELAY,
    SUBJECTS_PER_MESSAGE,
    OutboxEntry,
    Queue,
    Task,
    as_messages,
)
from tests.unit.conftest import Town, make_town

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

entries = st.lists(
    st.builds(
        OutboxEntry,
        id=st.uuids(),
        task=st.sampled_from(Task),
        queue=st.sampled_from(Queue),
        subject_id=st.uuids() | st.sampled_from([UUID(int=3), UUID(int=4)]),
        available_at=st.timedeltas(timedelta(hours=-1), LONGEST_BROKER_DELAY).map(lambda delta: NOW + delta),
        group=st.sampled_from([None, UUID(int=1), UUID(int=2)]),
    ),
    max_size=80,
    unique_by=lambda entry: entry.id,
)


@given(entries)
def test_packing_keeps_every_entry_once_and_starts_nothing_early(some: list[OutboxEntry]) -> None:
    messages = list(as_messages(some, NOW))
    assert sorted(entry.id for entry in some) == sorted(key for message in messages for key in message.entry_ids)
    by_id = {entry.id: entry for entry in some}
    for message in messages:
        assert 0 < len(message.subject_ids) <= SUBJECTS_PER_MESSAGE
        assert timedelta(0) <= message.delay <= LONGEST_BROKER_DELAY
        # What was promised several times is asked for once.
        assert sorted(message.subject_ids) == sorted({by_id[key].subject_id for key in message.entry_ids})
        for key in message.entry_ids:
            entry = by_id[key]
            assert (entry.task, entry.queue, entry.group) == (message.task, message.queue, message.group)
            assert NOW + message.delay >= entry.available_at


def test_messages_of_one_service_share_their_way(town: Town) -> None:
    for _ in range(70):
        town.text()
    assert town.platform.notify.relay_outbox().published == 70
    sizes = []
    while (message := town.platform.publisher.receive()) is not None:
        sizes.append(len(message.subject_ids))
    assert sizes == [30, 30, 10]


@pytest.mark.parametrize(
    ("task", "subjects"), [(Task.SHATTER_JOB_ROWS, 1), (Task.PROCESS_JOB, 1), (Task.DELIVER_SMS, 3)]
)
def test_work_that_takes_long_has_a_message_of_its_own(task: Task, subjects: int) -> None:
    entries = [
        OutboxEntry(id=UUID(int=n), task=task, queue=Queue.JOBS, subject_id=UUID(int=n), available_at=NOW)
        for n in range(3)
    ]
    assert [len(message.subject_ids) for message in as_messages(entries, NOW)] == [subjects] * (3 // subjects)


def test_with_the_broker_down_promises_wait(town: Town) -> None:
    town.platform.publisher.available = False
    accepted = town.text()
    round_ = town.platform.notify.relay_outbox()
    assert (round_.published, round_.held_back) == (0, 1)
    town.platform.publisher.available = True
    assert town.platform.notify.relay_outbox().published == 0, "it rests before it asks again"
    town.clock.advance(timedelta(seconds=2))
    assert town.platform.notify.relay_outbox().published == 1
    town.platform.run()
    assert town.status(accepted.id) == "sending"


def test_a_relay_that_dies_while_publishing_loses_nothing(town: Town) -> None:
    accepted = town.text()
    with town.platform.database.statement() as work:
        now = town.clock.now
        taken = work.outbox.take(limit=10, due_before=now + timedelta(1), now=now, until=now + timedelta(seconds=60))
    assert len(taken) == 1
    assert town.platform.notify.relay_outbox().published == 0
    town.clock.advance(timedelta(seconds=60))
    town.platform.run()
    assert town.status(accepted.id) == "sending"


def test_what_is_due_long_from_now_stays_in_the_outbox(town: Town) -> None:
    accepted = town.text()
    with town.platform.database.begin() as work:
        work.outbox.add(
            [
                OutboxEntry(
                    id=UUID(int=7),
                    task=Task.DELIVER_SMS,
                    queue=Queue.SEND_SMS,
                    subject_id=accepted.id,
                    available_at=town.clock.now + timedelta(hours=2),
                )
            ]
        )
        work.commit()
    assert town.platform.notify.relay_outbox().published == 1
    with town.platform.database.begin() as work:
        assert work.outbox.count() == 1


def relay_all(town: Town) -> int:
    """Relay until nothing more is published, and return how much was."""
    total = 0
    while published := town.platform.notify.relay_outbox().published:
        total += published
    return total


def test_a_backlog_stays_in_the_outbox_until_workers_catch_up(town: Town) -> None:
    for _ in range(AHEAD + 300):
        town.text()

    assert relay_all(town) == AHEAD
    assert town.platform.notify.relay_outbox().resting

    notify, publisher = town.platform.notify, town.platform.publisher
    for _ in range(MOST_EACH // SUBJECTS_PER_MESSAGE):
        message = publisher.receive()
        assert message is not None
        notify.perform(message.task, message.subject_ids)
    assert relay_all(town) == MOST_EACH

    town.platform.run()
    with town.platform.database.statement() as work:
        assert work.outbox.count() == 0
    assert len(town.platform.phones.sent) == AHEAD + 300


def test_another_service_and_another_queue_do_not_wait_for_a_backlog(town: Town) -> None:
    for _ in range(AHEAD + 300):
        town.text()
    relay_all(town)

    neighbour = make_town(town.platform, town.clock, name="Parks")
    neighbour.text()
    town.mail()

    assert town.platform.notify.relay_outbox().published == 2


def test_what_was_lost_with_its_queue_holds_nobody_up_for_long(town: Town) -> None:
    for _ in range(AHEAD + 300):
        town.text()
    relay_all(town)
    while town.platform.publisher.receive() is not None:
        pass
    assert relay_all(town) == 0

    town.clock.advance(timedelta(seconds=60))

    assert relay_all(town) == 300
