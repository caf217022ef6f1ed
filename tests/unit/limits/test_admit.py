"""What is admitted, what it counts as, and when its place is given back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest
from attrs import define, evolve, field

from notify_adapters.memory import FixedClock, MemoryLimiter
from notify_core.api_keys.model import ApiKey
from notify_core.limits.admit import Admission, Admit, DailyLimitExceeded, RateLimitExceeded
from notify_core.limits.ports import LONGEST_WAIT
from notify_core.limits.standing import Quota
from notify_core.notifications.model import Notification
from notify_core.services.model import MessageLimits, Service
from notify_core.vocabulary import Channel, KeyType

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HALF_A_DAY = 12 * 3600


@define
class Desk:
    """Where one service asks to be admitted. Its rate is 6 a minute: 3 at once, then one every 10 seconds."""

    clock: FixedClock = field(factory=lambda: FixedClock(NOON))
    service: Service = field(
        factory=lambda: Service(
            id=uuid4(),
            name="Bins",
            created_at=NOON,
            rate_limit=6,
            limits=MessageLimits(sms=2, email=100, letter=7, international_sms=1),
        )
    )
    rate_limit_enabled: bool = False
    limiter: MemoryLimiter = field(factory=MemoryLimiter)

    @property
    def admit(self) -> Admit:
        return Admit(self.limiter, self.clock, self.rate_limit_enabled)

    def key(self, kind: KeyType = KeyType.NORMAL) -> ApiKey:
        return ApiKey(id=uuid4(), service_id=self.service.id, name="k", key_type=kind, secret="s", created_at=NOON)

    def ask(self, kind: KeyType = KeyType.NORMAL, channel: Channel = Channel.SMS, **more: Any) -> Admission:
        return self.admit(self.service, self.key(kind), channel, **more)

    def send(self, kind: KeyType = KeyType.NORMAL, channel: Channel = Channel.SMS) -> None:
        """Do as for a message that is accepted and real."""
        with self.ask(kind, channel) as admission:
            admission.keep()

    def left(self, channel: Channel = Channel.SMS) -> int:
        """Return how many more of today's places there are."""
        return self.ask(channel=channel, reserve=False).standing.quotas()[-1].left

    def message(self, **changes: Any) -> Notification:
        facts: dict[str, Any] = {
            "id": uuid4(),
            "service_id": self.service.id,
            "template_id": uuid4(),
            "template_version": 1,
            "channel": Channel.SMS,
            "key_type": KeyType.NORMAL,
            "api_key_id": uuid4(),
            "created_at": self.clock.now,
            "expires_on": NOON.date() + timedelta(days=8),
            "country_prefix": "44",
        }
        return Notification(**facts | changes)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def hasty() -> Desk:
    """A service that is also held to its requests a minute."""
    return Desk(rate_limit_enabled=True)


def test_a_place_is_given_back_unless_it_is_kept(desk: Desk) -> None:
    for _ in range(5):
        with desk.ask() as admission:
            assert admission.standing.count == 1
        assert admission.standing.count == 0
    with pytest.raises(ZeroDivisionError), desk.ask():
        _ = 1 / 0
    desk.send()
    desk.send()
    with pytest.raises(DailyLimitExceeded, match=r"^Exceeded send limits \(sms: 2\) for today$"):
        desk.ask()


def test_a_place_is_given_back_once(desk: Desk) -> None:
    desk.send()
    admission = desk.ask()
    for _ in range(3):
        with admission:
            pass
    assert desk.left() == 1


def test_a_place_goes_back_to_the_day_it_was_taken_from(desk: Desk) -> None:
    desk.clock.now = datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC)
    with desk.ask():
        desk.clock.advance(timedelta(seconds=2))
        desk.send()
    assert desk.left() == 1
    desk.clock.advance(timedelta(seconds=-2))
    assert desk.left() == 2


def test_live_and_team_keys_share_a_count(desk: Desk) -> None:
    desk.send(KeyType.NORMAL)
    desk.send(KeyType.TEAM)
    for kind in (KeyType.NORMAL, KeyType.TEAM):
        with pytest.raises(DailyLimitExceeded):
            desk.ask(kind)


def test_test_keys_are_held_against_the_limit_and_not_counted(desk: Desk) -> None:
    for _ in range(5):
        desk.send(KeyType.TEST)
    assert desk.left() == 2
    desk.send()
    desk.send()
    desk.send(KeyType.TEST)
    desk.service = evolve(desk.service, limits=MessageLimits(sms=0))
    with pytest.raises(DailyLimitExceeded, match=r"\(sms: 0\)"):
        desk.ask(KeyType.TEST)


def test_test_keys_of_a_trial_service_are_measured_as_if_it_were_live(desk: Desk) -> None:
    desk.service = evolve(desk.service, restricted=True, limits=MessageLimits(sms=0, letter=0))
    assert desk.ask(KeyType.TEST).standing.daily_limit == 250_000
    assert desk.ask(KeyType.TEST, Channel.LETTER).standing.daily_limit == 20_000
    with pytest.raises(DailyLimitExceeded):
        desk.ask(KeyType.NORMAL)


def test_channels_are_counted_apart(desk: Desk) -> None:
    desk.send()
    desk.send()
    desk.send(channel=Channel.LETTER)
    assert [desk.left(channel) for channel in (Channel.EMAIL, Channel.LETTER)] == [100, 6]


def test_a_new_day_begins_at_midnight_utc(desk: Desk) -> None:
    desk.send()
    desk.send()
    with pytest.raises(DailyLimitExceeded) as refused:
        desk.ask()
    assert refused.value.retry_after == HALF_A_DAY
    desk.clock.advance(timedelta(seconds=HALF_A_DAY))
    assert desk.left() == 2


def test_who_only_looks_spends_a_token_and_no_place(hasty: Desk) -> None:
    for _ in range(3):
        with hasty.ask(reserve=False) as admission:
            admission.keep()
        assert admission.standing.count == 0
    with pytest.raises(RateLimitExceeded):
        hasty.ask(reserve=False)


def test_too_fast_comes_before_too_many(hasty: Desk) -> None:
    hasty.send()
    hasty.send()
    with pytest.raises(DailyLimitExceeded) as too_many:
        hasty.ask()
    assert too_many.value.standing.tokens == 0
    with pytest.raises(
        RateLimitExceeded, match=r"^Exceeded rate limit for key type LIVE of 6 requests per 60 seconds$"
    ) as too_fast:
        hasty.ask()
    assert too_fast.value.retry_after == 10
    assert too_fast.value.standing.quotas() == (
        Quota("minute", allowed=6, window=60, left=0, resets_in=30),
        Quota("day", allowed=2, window=86_400, left=0, resets_in=HALF_A_DAY),
    )


def test_each_type_of_key_has_a_bucket_of_its_own(hasty: Desk) -> None:
    for kind, spoken in ((KeyType.NORMAL, "LIVE"), (KeyType.TEAM, "TEAM"), (KeyType.TEST, "TEST")):
        for _ in range(3):
            hasty.ask(kind, Channel.EMAIL, reserve=False)
        with pytest.raises(RateLimitExceeded, match=f"key type {spoken} of"):
            hasty.ask(kind, Channel.EMAIL, reserve=False)


def test_without_a_minute_the_day_still_holds(desk: Desk) -> None:
    for _ in range(50):
        desk.send(channel=Channel.EMAIL)
    assert desk.ask(channel=Channel.EMAIL).standing.quotas() == (
        Quota("day", allowed=100, window=86_400, left=49, resets_in=HALF_A_DAY),
    )


def test_a_rate_of_nothing_lets_nothing_through(hasty: Desk) -> None:
    hasty.service = evolve(hasty.service, rate_limit=0)
    with pytest.raises(RateLimitExceeded) as refused:
        hasty.ask()
    assert refused.value.retry_after == LONGEST_WAIT
    minute, _ = refused.value.standing.quotas()
    assert (minute.allowed, minute.left) == (0, 0)


def test_texts_abroad_have_places_of_their_own(desk: Desk) -> None:
    with pytest.raises(ZeroDivisionError), desk.admit.international_sms(desk.service, desk.key()):
        _ = 1 / 0
    desk.admit.international_sms(desk.service, desk.key()).keep()
    with (
        pytest.raises(DailyLimitExceeded, match=r"\(international_sms: 1\)") as refused,
        desk.admit.international_sms(desk.service, desk.key()),
    ):
        pass
    assert refused.value.retry_after == HALF_A_DAY
    assert desk.left() == 2


def test_a_test_keys_texts_abroad_are_not_counted(desk: Desk) -> None:
    for _ in range(3):
        desk.admit.international_sms(desk.service, desk.key(KeyType.TEST)).keep()
    desk.admit.international_sms(desk.service, desk.key()).keep()


def test_a_cancelled_messages_place_can_be_taken_again(desk: Desk) -> None:
    for _ in range(3):
        desk.send(channel=Channel.LETTER)
    letters = [desk.message(channel=Channel.LETTER, country_prefix=None) for _ in range(2)]
    desk.admit.give_back(*letters)
    assert desk.left(Channel.LETTER) == 6
    assert desk.left() == 2


@pytest.mark.parametrize(("prefix", "refused"), [("33", False), ("1", False), ("44", True), (None, True)])
def test_a_cancelled_text_abroad_gives_both_its_places_back(desk: Desk, prefix: str | None, refused: bool) -> None:
    desk.send()
    desk.admit.international_sms(desk.service, desk.key()).keep()
    desk.admit.give_back(desk.message(country_prefix=prefix))
    assert desk.left() == 2
    try:
        with desk.admit.international_sms(desk.service, desk.key()):
            pass
    except DailyLimitExceeded:
        assert refused
    else:
        assert not refused


@pytest.mark.parametrize(
    "changes",
    [
        {"key_type": KeyType.TEST},
        {"created_at": NOON - timedelta(hours=12, microseconds=1)},
        {"created_at": datetime(2026, 11, 21, 0, 30, tzinfo=timezone(timedelta(hours=1)))},
        {"service_id": uuid4()},
        {"channel": Channel.EMAIL},
    ],
)
def test_nothing_is_given_back_that_was_not_counted_today(desk: Desk, changes: dict[str, Any]) -> None:
    desk.send()
    desk.admit.give_back(desk.message(**changes))
    assert desk.left() == 1


def test_the_first_moment_of_today_is_today(desk: Desk) -> None:
    desk.send()
    desk.admit.give_back(desk.message(created_at=NOON - timedelta(hours=12)))
    assert desk.left() == 2


def test_more_cancellations_than_messages_make_no_room_beyond_the_limit(desk: Desk) -> None:
    desk.send()
    desk.admit.give_back(*[desk.message() for _ in range(5)])
    desk.admit.give_back()
    assert desk.left() == 2


def test_a_request_takes_a_token_and_no_place(hasty: Desk) -> None:
    for left in (2, 1, 0):
        [minute] = hasty.admit.request(hasty.service, hasty.key()).quotas()
        assert (minute.name, minute.left) == ("minute", left)
    with pytest.raises(RateLimitExceeded) as refused:
        hasty.admit.request(hasty.service, hasty.key())
    assert refused.value.retry_after == pytest.approx(10)
    assert refused.value.message == "Exceeded rate limit for key type LIVE of 6 requests per 60 seconds"
    assert Desk(limiter=hasty.limiter, service=hasty.service).left() == 2


def test_where_the_minute_is_not_limited_nothing_is_known_of_a_request_alone(desk: Desk) -> None:
    assert desk.admit.request(desk.service, desk.key()).quotas() == ()


def test_several_places_are_given_back_on_their_day_alone(desk: Desk) -> None:
    desk.send()
    desk.send()
    give_back = desk.admit.give_back_several
    give_back(desk.service.id, KeyType.TEST, NOON, {"sms": 2})
    give_back(desk.service.id, KeyType.NORMAL, NOON - timedelta(days=1), {"sms": 2})
    with pytest.raises(DailyLimitExceeded):
        desk.ask()
    give_back(desk.service.id, KeyType.NORMAL, NOON, {"sms": 1, "international_sms": 0})
    assert desk.left() == 1
