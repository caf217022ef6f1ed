"""Pages of messages: what narrows them, where they begin, and what is no longer in them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock
from notify_core.identifiers import NewId, first_id_at
from notify_core.notifications.model import Contents, Message, PageOfMessages, expiry_date
from notify_core.notifications.status import Status
from notify_core.services.model import Service
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel, KeyType
from tests.integration.contracts.conftest import Accept, MakeMessage, entry_for

DAY = timedelta(days=1)


@pytest.fixture
def listed(database: Database, service: Service) -> Any:
    def listed(**more: Any) -> list[Message]:
        wanted: dict[str, Any] = {
            "service_id": service.id,
            "key_type": KeyType.NORMAL,
            "days_kept": 7,
            "limit": 250,
        } | more
        with database.statement() as work:
            return work.notifications.list_page(PageOfMessages(**wanted))

    return listed


def named(database: Database, message: Message, reference: str | None, new_id: NewId) -> Message:
    """Accept the message under that reference."""
    message = Message(
        notification=message.notification, contents=evolve(message.contents, client_reference=reference)
    )
    with database.statement() as work:
        work.notifications.accept(message, entry_for(message.notification.id, message, new_id()))
    return message


def test_a_page_is_the_newest_messages_with_their_contents(accept: Accept, listed: Any) -> None:
    messages = [accept() for _ in range(4)]
    assert listed() == messages[::-1]
    assert listed(limit=2) == messages[:1:-1]


def test_every_fact_and_content_is_there(database: Database, accept: Accept, clock: FixedClock, listed: Any) -> None:
    message = accept(
        channel=Channel.EMAIL,
        api_key_id=None,
        status=Status.TEMPORARY_FAILURE,
        updated_at=clock() + timedelta(seconds=1, microseconds=3),
        sent_at=clock(),
        reference="from-ses",
        billable_units=9,
        country_prefix=None,
        rate_multiplier=None,
        scheduled_for=clock(),
    )
    assert listed() == [message]
    with database.statement() as work:
        assert listed() == [work.notifications.find(message.notification.service_id, message.notification.id)]


def test_a_page_begins_after_the_message_named(accept: Accept, listed: Any) -> None:
    messages = [accept() for _ in range(3)]
    ids = [message.notification.id for message in messages]
    assert listed(older_than=ids[2]) == [messages[1], messages[0]]
    assert listed(older_than=ids[1]) == [messages[0]]
    assert listed(older_than=ids[0]) == []


def test_messages_of_the_same_moment_are_all_on_one_page_or_the_next(accept: Accept, listed: Any) -> None:
    messages = [accept() for _ in range(7)]
    assert len({message.notification.created_at for message in messages}) == 1
    seen: list[Message] = []
    while page := listed(limit=3, **({"older_than": seen[-1].notification.id} if seen else {})):
        seen += page
    assert seen == messages[::-1]


def test_a_message_of_nobody_or_of_others_begins_no_page(accept: Accept, listed: Any, new_id: NewId) -> None:
    accept()
    other = accept(service_id=new_id())
    for stranger in (other.notification.id, new_id(), UUID(int=(1 << 128) - 1)):
        assert listed(older_than=stranger) == []
        assert listed(older_than=stranger, reference="your-ref") == []


def test_a_message_of_another_key_type_may_begin_a_page(accept: Accept, listed: Any) -> None:
    message, test = accept(), accept(key_type=KeyType.TEST)
    assert listed(older_than=test.notification.id) == [message]


def test_a_page_holds_messages_of_one_service_and_key_type(accept: Accept, listed: Any, new_id: NewId) -> None:
    made = {kind: accept(key_type=kind) for kind in KeyType}
    stranger = accept(service_id=new_id())
    for kind, message in made.items():
        assert listed(key_type=kind) == [message]
    assert listed(service_id=stranger.notification.service_id) == [stranger]
    assert listed(service_id=new_id()) == []


def test_a_page_is_narrowed_by_status_and_channel(accept: Accept, listed: Any) -> None:
    text = accept(status=Status.SENDING)
    email = accept(channel=Channel.EMAIL, status=Status.DELIVERED)
    letter = accept(channel=Channel.LETTER, status=Status.DELIVERED)
    assert listed(statuses=frozenset({Status.DELIVERED})) == [letter, email]
    assert listed(statuses=frozenset({Status.DELIVERED, Status.SENDING})) == [letter, email, text]
    assert listed(channels=frozenset({Channel.EMAIL, Channel.SMS})) == [email, text]
    assert listed(statuses=frozenset({Status.DELIVERED}), channels=frozenset({Channel.SMS})) == []
    assert listed(
        statuses=frozenset({Status.DELIVERED}),
        channels=frozenset({Channel.EMAIL}),
        older_than=letter.notification.id,
    ) == [email]


def test_a_page_is_narrowed_by_reference(
    database: Database, make_message: MakeMessage, listed: Any, new_id: NewId
) -> None:
    first, empty, none, second, failed = (
        named(database, make_message(**facts), reference, new_id)
        for reference, facts in (
            ("a b", {}),
            ("", {}),
            (None, {}),
            ("a b", {"channel": Channel.EMAIL}),
            ("a b", {"status": Status.TECHNICAL_FAILURE}),
        )
    )
    assert none.contents.client_reference is None
    assert listed(reference="a b") == [failed, second, first]
    assert listed(reference="a b", limit=1) == [failed]
    assert listed(reference="a b", older_than=second.notification.id) == [first]
    assert listed(reference="a b", channels=frozenset({Channel.EMAIL})) == [second]
    assert listed(reference="a b", statuses=frozenset({Status.TECHNICAL_FAILURE})) == [failed]
    assert listed(reference="") == [empty]
    assert listed(reference="A B") == []
    assert listed(reference="a b", key_type=KeyType.TEAM) == []
    assert listed(reference="a b", service_id=new_id()) == []


def test_expired_messages_are_not_on_the_page(
    database: Database, accept: Accept, clock: FixedClock, listed: Any
) -> None:
    soon = accept(expires_on=expiry_date(clock(), 3))
    later = accept()
    clock.now = clock.now.replace(day=24, hour=23, minute=59)
    assert listed() == listed(reference="your-ref") == [later, soon]
    clock.advance(timedelta(minutes=1))
    assert listed() == listed(reference="your-ref") == [later]
    # Somebody who turns pages while messages expire goes on from where they were.
    assert listed(older_than=soon.notification.id) == []
    assert listed(older_than=later.notification.id) == []


@pytest.mark.parametrize("days_kept", [3, 7, 90])
def test_a_message_is_listed_for_as_long_as_it_is_kept(
    accept: Accept, clock: FixedClock, listed: Any, days_kept: int
) -> None:
    clock.now = clock.now.replace(hour=0, minute=0)
    message = accept(expires_on=expiry_date(clock(), days_kept))
    clock.advance(days_kept * DAY + timedelta(hours=23, minutes=59))
    assert listed(days_kept=days_kept) == listed(days_kept=days_kept, reference="your-ref") == [message]
    clock.advance(timedelta(minutes=1))
    assert listed(days_kept=days_kept) == []


def test_what_is_older_than_anything_kept_is_not_looked_for(accept: Accept, clock: FixedClock, listed: Any) -> None:
    message = accept(id=first_id_at(clock() - 11 * DAY))
    assert listed(days_kept=8) == [message]
    assert listed(days_kept=7) == []


def test_contents_are_what_they_were(database: Database, accept: Accept, listed: Any) -> None:
    accept()
    [message] = listed()
    assert isinstance(message.contents, Contents)
    assert message.contents.personalisation == {"name": "Zoë 🐈", "list": ["a", 1, None, True, {"deep": 1.5}]}


def test_rows_of_files_are_listed_only_where_they_are_asked_for(accept: Accept, listed: Any) -> None:
    """What a program sent at once is its own, and always listed."""
    alone = accept()
    bulk = accept(job_id=UUID(int=1), job_row_number=0)
    row = accept(job_id=UUID(int=2), job_row_number=0, api_key_id=None)
    assert listed() == [row, bulk, alone]
    assert listed(include_jobs=False) == [bulk, alone]
    assert listed(include_jobs=False, reference="your-ref", statuses=frozenset({Status.CREATED})) == [bulk, alone]
