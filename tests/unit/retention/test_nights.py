"""What can be read until which moment, and what is left after which night, whatever else happens."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from notify_adapters.memory import FixedClock, SequentialIds, in_memory
from notify_core.calendar import london_date, london_midnight
from notify_core.errors import NotFound
from notify_core.notifications.model import Message, expiry_date
from notify_core.notifications.status import Status
from notify_core.retention.model import Applied, Kind
from notify_core.retention.promise import UNTIL_NOBODY_REMEMBERS
from notify_core.services.model import DEFAULT_RETENTION_DAYS
from notify_core.vocabulary import Channel, KeyType
from tests.unit.conftest import Town, make_town

A_MOMENT = timedelta(milliseconds=1)
CHANNELS = (Channel.SMS, Channel.EMAIL)


def is_readable(town: Town, message_id: UUID) -> bool:
    try:
        town.platform.notify.find_notification(town.service.id, message_id)
    except NotFound:
        return False
    return True


def night(town: Town) -> list[Applied]:
    """Do what is done every night."""
    return [town.platform.notify.apply_retention(), town.platform.notify.remove_expired_texts()]


def left_over(town: Town) -> Sequence[object]:
    """Return what has expired and is still there."""
    with town.platform.database.begin() as work:
        return work.retention.expired_days(tuple(Kind), today=london_date(town.clock()))


class Story:
    """A town, and what its inhabitants may expect of it."""

    def __init__(self, start: datetime) -> None:
        random.seed(20261121)
        clock = FixedClock(start)
        self.town = make_town(in_memory(clock=clock, new_id=SequentialIds(clock)), clock)
        self.days = dict.fromkeys(CHANNELS, DEFAULT_RETENTION_DAYS)
        self.sent: dict[UUID, tuple[Channel, datetime]] = {}
        self.goes_on: dict[UUID, date] = {}
        self.redating_due: datetime | None = None

    @property
    def today(self) -> date:
        return london_date(self.town.clock())

    def send(self, channel: Channel, key: KeyType) -> None:
        town = self.town
        sent = town.text("07700 900999", key) if channel is Channel.SMS else town.mail("guest@example.com", key)
        now = self.town.clock()
        self.sent[sent.id] = channel, now
        self.goes_on[sent.id] = expiry_date(now, self.days[channel])
        self.let_pass(timedelta(0))

    def set(self, channel: Channel, days: int) -> None:
        self.town.platform.notify.set_retention(self.town.service.id, channel, days)
        if self.days[channel] != days:
            self.days[channel] = days
            self.redating_due = self.town.clock() + UNTIL_NOBODY_REMEMBERS
        self.let_pass(timedelta(seconds=3))

    def let_pass(self, time: timedelta) -> None:
        self.town.clock.advance(time)
        if self.redating_due is not None and self.town.clock() >= self.redating_due:
            self.redating_due = None
            for key, day in self.goes_on.items():
                channel, at = self.sent[key]
                if day > self.today:
                    self.goes_on[key] = expiry_date(at, self.days[channel])
        self.town.platform.run()

    def night(self) -> None:
        night(self.town)
        assert left_over(self.town) == []

    def check(self) -> None:
        readable = {key for key in self.sent if is_readable(self.town, key)}
        assert readable == {key for key, day in self.goes_on.items() if day > self.today}


SENDING = st.tuples(st.just("send"), st.sampled_from(CHANNELS), st.sampled_from(KeyType))
SETTING = st.tuples(st.just("set"), st.sampled_from(CHANNELS), st.integers(1, 6))
PASSING = st.tuples(st.just("pass"), st.integers(0, 60 * 24 * 3), st.none())
NIGHT = st.tuples(st.just("night"), st.none(), st.none())
A_YEAR, FOUR_DAYS = 365 * 24 * 3600, 4 * 24 * 3600


def moments(start: datetime, seconds: int) -> st.SearchStrategy[datetime]:
    """Return moments in so many seconds from `start` on."""
    return st.integers(0, seconds).map(lambda passed: start + timedelta(seconds=passed))


# The latter two are around both changes of the clocks.
STARTS = st.one_of(
    moments(datetime(2026, 1, 1, tzinfo=UTC), A_YEAR),
    moments(datetime(2026, 3, 26, tzinfo=UTC), FOUR_DAYS),
    moments(datetime(2026, 10, 22, tzinfo=UTC), FOUR_DAYS),
)


@settings(max_examples=150, deadline=None)
@given(start=STARTS, actions=st.lists(st.one_of(SENDING, SETTING, PASSING, NIGHT), max_size=25))
def test_contents_are_readable_until_their_midnight_and_gone_after_the_next_night(
    start: datetime, actions: list[tuple[str, Any, Any]]
) -> None:
    story = Story(start)
    for name, what, more in actions:
        if name == "send":
            story.send(what, more)
        elif name == "set":
            story.set(what, more)
        elif name == "pass":
            story.let_pass(timedelta(minutes=what))
        else:
            story.night()
        story.check()
    story.let_pass(timedelta(days=10))
    story.night()
    story.check()
    assert not any(day > story.today for day in story.goes_on.values())


@settings(max_examples=60, deadline=None)
@given(start=STARTS, days=st.integers(1, 90))
def test_a_message_is_readable_to_the_last_moment_and_not_in_the_next(start: datetime, days: int) -> None:
    story = Story(start)
    story.set(Channel.SMS, days)
    story.send(Channel.SMS, KeyType.NORMAL)
    [(key, day)] = story.goes_on.items()
    clock = story.town.clock
    clock.now = london_midnight(day) - A_MOMENT
    story.night()
    assert is_readable(story.town, key)
    clock.advance(A_MOMENT)
    assert not is_readable(story.town, key)
    story.night()


def test_a_message_that_expired_never_comes_back(town: Town) -> None:
    text = town.text()
    town.clock.advance(timedelta(days=9))
    town.platform.notify.set_retention(town.service.id, Channel.SMS, 90)
    town.clock.advance(UNTIL_NOBODY_REMEMBERS)
    town.platform.run()
    assert not is_readable(town, text.id)
    night(town)
    assert left_over(town) == []


def test_a_shorter_setting_removes_at_once_what_it_would_not_have_kept(town: Town) -> None:
    texts = [town.text(), town.text()]
    email = town.mail()
    town.platform.run()
    town.clock.advance(timedelta(days=3))
    young = town.text()
    town.platform.notify.set_retention(town.service.id, Channel.SMS, 2)
    town.clock.advance(UNTIL_NOBODY_REMEMBERS - A_MOMENT)
    town.platform.run()
    assert is_readable(town, texts[0].id)
    assert town.platform.notify.show_retention(town.service.id).redating is not None
    town.clock.advance(timedelta(seconds=1))
    town.platform.run()
    assert [is_readable(town, one.id) for one in (*texts, email, young)] == [False, False, True, True]
    assert left_over(town) == []
    assert town.platform.notify.show_retention(town.service.id).redating is None
    with town.platform.database.begin() as work:
        facts = work.notifications.find_for_receipt(notification_id=texts[0].id)
    assert facts is not None
    assert facts.expires_on == london_date(facts.created_at) + timedelta(days=3)


def test_what_was_set_twice_ends_as_it_was_set_last(town: Town) -> None:
    text = town.text()
    town.clock.advance(timedelta(days=2))
    town.platform.notify.set_retention(town.service.id, Channel.SMS, 1)
    town.clock.advance(timedelta(seconds=30))
    town.platform.notify.set_retention(town.service.id, Channel.SMS, 30)
    town.clock.advance(timedelta(seconds=90))
    town.platform.run()
    assert is_readable(town, text.id)
    town.clock.advance(timedelta(days=28))
    assert is_readable(town, text.id)
    town.clock.advance(timedelta(days=1))
    assert not is_readable(town, text.id)


def test_messages_of_test_keys_go_altogether(town: Town) -> None:
    text, real = town.text(key=KeyType.TEST), town.text()
    town.platform.run()
    town.clock.advance(timedelta(days=8))
    [applied, _] = night(town)
    assert applied.test_messages == 1
    with town.platform.database.begin() as work:
        assert work.notifications.find_for_receipt(notification_id=text.id) is None
        assert work.notifications.find_for_receipt(notification_id=real.id) is not None


def test_a_night_with_nothing_to_do_does_nothing(town: Town) -> None:
    town.text()
    assert night(town) == [Applied(), Applied()]
    assert town.platform.notify.relay_outbox().published == 1, "the text, and nothing else"


def store(town: Town, message_id: UUID, **more: Any) -> None:
    """Change the facts of a message."""
    with town.platform.database.begin() as work:
        message = work.notifications.find(town.service.id, message_id)
        assert isinstance(message, Message)
        work.notifications.save(evolve(message.notification, **more))
        work.commit()


@pytest.mark.parametrize("missed", [0, 3])
def test_a_letter_that_is_not_settled_is_kept_and_never_hidden(town: Town, missed: int) -> None:
    letter = town.mail().id
    store(town, letter, channel=Channel.LETTER, status=Status.SENDING)
    for _ in range(5):
        town.clock.advance(timedelta(days=1))
        night(town)
    town.clock.advance(timedelta(days=missed))
    for _ in range(20):
        night(town)
        assert stored_day(town, letter) > london_date(town.clock())
        town.clock.advance(timedelta(days=1))
    night(town)
    with town.platform.database.begin() as work:
        facts = work.notifications.find_for_receipt(notification_id=letter)
        assert facts is not None
        work.notifications.save(evolve(facts, status=Status.DELIVERED))
        work.commit()
    town.clock.advance(timedelta(days=2))
    night(town)
    assert stored_day(town, letter) <= london_date(town.clock())
    assert left_over(town) == []


def stored_day(town: Town, message_id: UUID) -> date:
    with town.platform.database.begin() as work:
        facts = work.notifications.find_for_receipt(notification_id=message_id)
    assert facts is not None
    return facts.expires_on
