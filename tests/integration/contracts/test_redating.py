"""What a service has is moved to other days, whole, and only while it lasts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock
from notify_core.bulk.model import RowApart
from notify_core.callbacks.model import (
    Answer,
    Attempt,
    Callback,
    CallbackKind,
    CallbackSearch,
    CallbackState,
    Endpoint,
    Outcome,
)
from notify_core.identifiers import NewId, first_id_at
from notify_core.inbound.model import PageOfTexts, ReceivedText
from notify_core.jobs.model import Job, JobSource
from notify_core.notifications.status import Status
from notify_core.notifications.timeline import received
from notify_core.retention.model import Dated, DatedCallback, Move, Redating, Stage
from notify_core.services.model import Service
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel, KeyType, ProviderName
from tests.integration.contracts.conftest import Accept, MakeTemplate

TODAY = date(2026, 11, 21)
TOMORROW = date(2026, 11, 22)
DAY = timedelta(days=1)
LONG_AGO = first_id_at(FixedClock().now - 200 * DAY)


def move(database: Database, *moves: Move, revive: bool = False) -> frozenset[UUID]:
    with database.begin() as work:
        done = work.redating.move_messages(moves, today=TODAY, revive=revive)
        work.commit()
    with database.begin() as work:
        work.redating.await_events()
    with database.begin() as work:
        work.redating.gather_events(moves, today=TODAY)
        work.commit()
    return done


def of(facts: Any, after: date) -> Move:
    return Move(id=facts.id, before=facts.expires_on, after=after)


def page(database: Database, service: Service, key_type: KeyType = KeyType.NORMAL, **more: Any) -> list[Dated]:
    bounds: dict[str, Any] = {"since": LONG_AGO, "before": None, "limit": 100}
    with database.statement() as work:
        return work.redating.messages_of(service.id, key_type, today=TODAY, **bounds | more)


def test_a_redating_is_remembered_until_it_ends(database: Database) -> None:
    service_id, change, later = uuid4(), uuid4(), uuid4()
    begun = Redating(service_id=service_id, change_id=change)
    further = evolve(begun, stage=Stage.CALLBACKS, before=uuid4())
    with database.begin() as work:
        assert work.redating.find(service_id) is None
        assert not work.redating.proceed(begun)
        work.redating.begin(begun)
        assert work.redating.find(service_id) == begun
        assert work.redating.proceed(further)
        assert work.redating.find(service_id) == further
        work.redating.begin(evolve(begun, change_id=later))
        assert not work.redating.proceed(further)
        work.redating.end(further)
        assert work.redating.find(service_id) == evolve(begun, change_id=later)
        work.redating.end(evolve(begun, change_id=later))
        assert work.redating.find(service_id) is None
        work.commit()


def test_messages_are_paged_newest_first_within_bounds(
    database: Database, service: Service, clock: FixedClock, accept: Accept
) -> None:
    made = [accept().notification for _ in range(4)]
    accept(expires_on=TODAY)
    accept(service_id=UUID(int=77))
    test = accept(key_type=KeyType.TEST, channel=Channel.EMAIL, status=Status.DELIVERED).notification
    assert [one.id for one in page(database, service)] == [one.id for one in made[::-1]]
    assert [one.id for one in page(database, service, limit=2)] == [made[3].id, made[2].id]
    assert [one.id for one in page(database, service, before=made[2].id)] == [made[1].id, made[0].id]
    assert [one.id for one in page(database, service, since=made[2].id)] == [made[3].id, made[2].id]
    assert page(database, service, KeyType.TEST) == [
        Dated(
            id=test.id,
            channel=Channel.EMAIL,
            made_at=test.created_at,
            expires_on=test.expires_on,
            key_type=KeyType.TEST,
            status=Status.DELIVERED,
        )
    ]


@pytest.mark.parametrize("after", [TOMORROW, TODAY + 60 * DAY, TODAY + 500 * DAY])
def test_message_contents_and_timeline_move_together(
    database: Database, clock: FixedClock, service: Service, accept: Accept, after: date
) -> None:
    message, other = accept(), accept()
    event = received(Status.DELIVERED, at=clock(), provider=ProviderName.MMG)
    with database.begin() as work:
        work.notifications.save(message.notification, event)
        work.commit()
    assert move(database, of(message.notification, after)) == {message.notification.id}
    assert move(database, of(message.notification, after)) == {message.notification.id}, "safe to repeat"
    with database.statement() as work:
        found = work.notifications.find(service.id, message.notification.id)
        assert found is not None
        assert found.notification == evolve(message.notification, expires_on=after)
        assert found.contents == message.contents
        timeline = work.notifications.find_timeline(service.id, message.notification.id)
        assert timeline is not None
        assert timeline.stored == (event,)
        assert work.notifications.find(service.id, other.notification.id) == other


@pytest.mark.parametrize("after", [TODAY, TODAY - 30 * DAY])
def test_what_expires_by_its_new_day_goes_at_once_and_says_so(
    database: Database, clock: FixedClock, service: Service, accept: Accept, after: date
) -> None:
    facts = accept(channel=Channel.LETTER, reference="ab12", status=Status.DELIVERED).notification
    with database.begin() as work:
        work.notifications.save(facts, received(Status.DELIVERED, at=clock(), provider=ProviderName.DVLA))
        work.commit()
    assert move(database, of(facts, after)) == {facts.id}
    with database.statement() as work:
        assert work.notifications.find(service.id, facts.id) is None
        assert work.notifications.find_timeline(service.id, facts.id) is None
        stored = work.notifications.find_for_receipt(notification_id=facts.id)
        assert stored == evolve(facts, expires_on=after)
        assert [one.id for one in work.retention.letters_gone(after=None, limit=9)] == [facts.id]
    assert move(database, of(stored, TODAY + 20 * DAY)) == {facts.id}
    with database.statement() as work:
        assert work.notifications.find_for_receipt(notification_id=facts.id) == stored, "it never comes back"


def test_what_is_not_where_it_should_be_moved_from_stays(
    database: Database, service: Service, accept: Accept
) -> None:
    message = accept()
    elsewhere = Move(id=message.notification.id, before=TOMORROW, after=TODAY + 60 * DAY)
    unknown = evolve(elsewhere, id=UUID(int=5))
    assert move(database, elsewhere, unknown) == {message.notification.id}
    with database.statement() as work:
        assert work.notifications.find(service.id, message.notification.id) == message


def test_what_has_expired_is_moved_only_to_be_revived(database: Database, service: Service, accept: Accept) -> None:
    message = accept(expires_on=TODAY - DAY)
    there = of(message.notification, TOMORROW)
    assert move(database, there) == {message.notification.id}
    with database.statement() as work:
        assert work.notifications.find(service.id, message.notification.id) is None
    assert move(database, there, revive=True) == {message.notification.id}
    with database.statement() as work:
        found = work.notifications.find(service.id, message.notification.id)
    assert found is not None
    assert found.contents == message.contents


def test_rows_apart_move_with_their_bulk(
    database: Database, clock: FixedClock, stored_service: Service, make_template: MakeTemplate
) -> None:
    template = make_template(channel=Channel.EMAIL)
    values: dict[str, Any] = {
        "service_id": stored_service.id,
        "template_id": template.id,
        "template_version": template.version,
        "channel": Channel.EMAIL,
        "original_file_name": "",
        "notification_count": 3,
    }
    bulk = Job(id=uuid4(), created_at=clock(), source=JobSource.API, **values)
    file, old = evolve(bulk, id=uuid4(), source=JobSource.FILE), evolve(bulk, id=uuid4(), created_at=clock() - DAY)
    with database.begin() as work:
        work.templates.save(template)
        for job in (bulk, file, old):
            work.jobs.add(job)
        work.bulk.set_apart(bulk.id, [RowApart(row=1)], expires_on=TODAY + 8 * DAY)
        work.bulk.set_apart(bulk.id, [RowApart(row=2)], expires_on=TODAY)
        work.bulk.set_apart(old.id, [RowApart(row=1)], expires_on=TODAY + 8 * DAY)
        work.commit()
    with database.begin() as work:
        assert work.redating.bulks_of(stored_service.id, since=clock()) == [
            Dated(id=bulk.id, channel=Channel.EMAIL, made_at=clock(), expires_on=date.min)
        ]
        work.redating.move_rows_apart(bulk.id, after=TODAY + 2 * DAY, today=TODAY)
        work.redating.move_rows_apart(old.id, after=TODAY, today=TODAY)
        work.commit()
    clock.advance(DAY)
    with database.statement() as work:
        assert [row.row for row in work.bulk.list_apart(bulk.id, first_row=0, row_count=9)] == [1]
        assert work.bulk.list_apart(old.id, first_row=0, row_count=9) == []
    clock.advance(DAY)
    with database.statement() as work:
        assert work.bulk.list_apart(bulk.id, first_row=0, row_count=9) == []


def test_received_texts_move(database: Database, clock: FixedClock, stored_service: Service, new_id: NewId) -> None:
    def text(**more: Any) -> ReceivedText:
        values: dict[str, Any] = {
            "id": new_id(),
            "service_id": stored_service.id,
            "notify_number": "07900900500",
            "user_number": "447900900123",
            "content": "Hello",
            "provider": ProviderName.MMG,
            "created_at": clock(),
            "expires_on": TODAY + 8 * DAY,
        } | more
        return ReceivedText(**values)

    texts = [text(), text(), text()]
    with database.begin() as work:
        for one in (*texts, text(expires_on=TODAY), text(service_id=UUID(int=77))):
            assert work.inbound.add(one)
        work.commit()
    with database.begin() as work:
        found = work.redating.texts_of(stored_service.id, before=None, today=TODAY, limit=9)
        assert [one.id for one in found] == [one.id for one in texts[::-1]]
        assert {(one.channel, one.made_at, one.expires_on) for one in found} == {
            (Channel.SMS, clock(), TODAY + 8 * DAY)
        }
        assert len(work.redating.texts_of(stored_service.id, before=texts[2].id, today=TODAY, limit=1)) == 1
        work.redating.move_texts([of(texts[0], TOMORROW), of(texts[1], TODAY - DAY)], today=TODAY)
        work.commit()
    listed = PageOfTexts(service_id=stored_service.id, days_kept=90, limit=9)
    with database.statement() as work:
        assert work.inbound.list_page(listed) == [texts[2], evolve(texts[0], expires_on=TOMORROW)]
        assert work.inbound.add(evolve(texts[1])), "nothing is left of it"


def test_callbacks_move_with_their_attempts_and_outcomes_find_them(
    database: Database, clock: FixedClock, stored_service: Service, new_id: NewId, accept: Accept
) -> None:
    message = accept().notification
    endpoint = Endpoint(
        id=new_id(),
        service_id=stored_service.id,
        url="https://bins.example/hear",
        bearer_token="a-long-token",
        secrets=("whsec_bmV3",),
        kinds=frozenset(CallbackKind),
        created_at=clock(),
    )

    def callback(**more: Any) -> Callback:
        values: dict[str, Any] = {
            "id": new_id(),
            "endpoint_id": endpoint.id,
            "service_id": stored_service.id,
            "kind": CallbackKind.DELIVERY_STATUS,
            "subject_id": message.id,
            "notification_id": message.id,
            "body": b'{"to": "07700 900123"}',
            "created_at": clock(),
            "queued_at": clock(),
            "next_attempt_at": clock(),
            "expires_on": TODAY + 8 * DAY,
        } | more
        return Callback(**values)

    def outcome(one: Callback, number: int, state: CallbackState) -> Outcome:
        answer = Answer(status=500, milliseconds=7)
        attempt = Attempt(callback_id=one.id, number=number, at=clock(), answer=answer)
        return Outcome(callback=one, attempt=attempt, state=state, detail="500", next_attempt_at=clock())

    text_id = new_id()
    told = callback()
    gone = callback(subject_id=new_id(), notification_id=UUID(int=5))
    heard = callback(kind=CallbackKind.INBOUND_SMS, subject_id=text_id, notification_id=None)
    with database.begin() as work:
        work.callbacks.save_endpoint(endpoint)
        work.callbacks.add([told, gone, heard, callback(expires_on=TODAY), callback(service_id=UUID(int=77))])
        work.callbacks.record([outcome(told, 1, CallbackState.WAITING), outcome(gone, 1, CallbackState.WAITING)])
        work.commit()
    with database.begin() as work:
        found = work.redating.callbacks_of(stored_service.id, before=None, today=TODAY, limit=9)
        assert found == [
            DatedCallback(
                id=one.id,
                made_at=clock(),
                expires_on=TODAY + 8 * DAY,
                subject_expires_on=message.expires_on if one is told else None,
                text_id=text_id if one is heard else None,
            )
            for one in (heard, gone, told)
        ]
        assert len(work.redating.callbacks_of(stored_service.id, before=heard.id, today=TODAY, limit=1)) == 1
        moves = [of(told, TODAY + 3 * DAY), of(gone, TODAY)]
        assert work.redating.move_callbacks(moves, today=TODAY) == {told.id, gone.id}
        work.commit()
    with database.begin() as work:
        # Those who call still know them by their old days.
        work.callbacks.record([outcome(told, 2, CallbackState.FAILED), outcome(gone, 2, CallbackState.FAILED)])
        work.commit()
    with database.statement() as work:
        stored = work.callbacks.search(CallbackSearch(limit=9, service_id=stored_service.id))
        assert [(one.id, one.expires_on, one.attempts, one.state) for one in stored] == [
            (heard.id, TODAY + 8 * DAY, 0, CallbackState.WAITING),
            (told.id, TODAY + 3 * DAY, 2, CallbackState.FAILED),
        ]
        assert [one.number for one in work.callbacks.attempts(told.id)] == [1, 2]
        assert work.callbacks.attempts(gone.id) == []
