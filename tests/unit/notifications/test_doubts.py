"""Who dies, or is not answered, leaves a doubt. Its receipt is waited for, and then the service decides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from notify_adapters.memory import FixedClock, MemoryPlatform
from notify_core.notifications.compose import NO_DOUBLES
from notify_core.notifications.deliver import IN_DOUBT_TOO_OFTEN, TOO_OFTEN
from notify_core.notifications.model import Attempted, Notification
from notify_core.notifications.record_receipt import SmsReceipt
from notify_core.notifications.status import Status
from notify_core.providers.model import (
    Choice,
    OutgoingSms,
    ProviderFailed,
    ProviderSilent,
    ProviderThrottled,
    ProviderUnreachable,
    ProviderUnwell,
    QuotaSpent,
)
from notify_core.services.model import WhenInDoubt
from notify_core.vocabulary import KeyType, ProviderName
from tests.unit.conftest import Town, make_town

LEASE = timedelta(seconds=30)
WAIT = timedelta(seconds=120)
SECOND = timedelta(seconds=1)
MMG, FIRETEXT = ProviderName.MMG, ProviderName.FIRETEXT


class Killed(BaseException):
    """What happens to a worker."""


def facts(town: Town, key: UUID) -> Notification:
    return town.platform.notify.find_notification(town.service.id, key).notification


def told(town: Town, key: UUID) -> list[str]:
    """Return what happened, in order. When it was queued is of no interest here."""
    kinds = [event.kind.value for event in town.platform.notify.find_timeline(town.service.id, key)]
    return [kind for kind in kinds if kind != "queued"]


def die_at_the_call(town: Town, key: UUID, monkeypatch: pytest.MonkeyPatch, *, taken: bool = True) -> None:
    """Let a worker die at its call, after the provider has taken the message or before."""
    for provider in (town.platform.phones, town.platform.inboxes):

        def send_and_die(message: Any, send: Callable[[Any], object] = provider.send) -> None:
            if taken:
                send(message)
            raise Killed

        monkeypatch.setattr(provider, "send", send_and_die)
    channel = facts(town, key).channel
    deliver = town.platform.notify.deliver_sms if channel == "sms" else town.platform.notify.deliver_email
    with pytest.raises(Killed):
        deliver([key])
    monkeypatch.undo()


def confirm(town: Town, key: UUID) -> None:
    receipt = SmsReceipt(provider=MMG, reference=str(key), status="3", code="5")
    assert town.platform.notify.record_sms_receipt(receipt)


@pytest.fixture
def careful(platform: MemoryPlatform, clock: FixedClock) -> Town:
    return make_town(platform, clock, when_in_doubt=WhenInDoubt.FAIL)


def test_what_a_dead_worker_was_at_is_in_doubt_and_not_sent_while_its_receipt_may_come(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = town.text().id
    die_at_the_call(town, key, monkeypatch)
    town.clock.advance(LEASE)
    town.platform.run()
    doubtful = facts(town, key)
    assert (doubtful.doubts, doubtful.in_doubt_until, doubtful.attempts) == (1, town.clock.now + WAIT, 1)
    assert doubtful.attempting_with is not None
    town.clock.advance(WAIT - SECOND)
    town.platform.run()
    assert len(town.platform.phones.sent) == 1


def test_a_receipt_settles_the_doubt(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    key = town.text().id
    die_at_the_call(town, key, monkeypatch)
    town.clock.advance(LEASE)
    town.platform.run()
    confirm(town, key)
    town.clock.advance(WAIT)
    town.platform.run()
    assert len(town.platform.phones.sent) == 1
    settled = facts(town, key)
    assert (settled.status, settled.in_doubt_until, settled.attempting_with) == ("delivered", None, None)
    assert told(town, key)[-3:] == ["attempted", "in-doubt", "receipt"]


def test_a_receipt_that_settles_a_doubt_tells_what_sending_would_have_recorded(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = town.text(personalisation={"name": "J" * 200}).id
    die_at_the_call(town, key, monkeypatch)
    confirm(town, key)
    settled = facts(town, key)
    assert (settled.billable_units, settled.sent_at, settled.sent_by) == (2, town.clock.now, MMG)


def test_without_a_receipt_it_is_sent_again_and_that_is_counted(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    key = town.text().id
    die_at_the_call(town, key, monkeypatch)
    town.clock.advance(LEASE)
    town.platform.run()
    town.clock.advance(WAIT)
    town.platform.run()
    assert len(town.platform.phones.sent) == 2
    resent = facts(town, key)
    assert (resent.status, resent.doubts, resent.in_doubt_until, resent.attempts) == ("sending", 1, None, 2)
    assert told(town, key)[-4:] == ["attempted", "in-doubt", "attempted", "handed-over"]


def test_a_service_that_wants_no_doubles_is_told_the_truth(careful: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    key = careful.text().id
    die_at_the_call(careful, key, monkeypatch)
    for _ in range(3):
        careful.clock.advance(WAIT)
        careful.platform.run()
    assert len(careful.platform.phones.sent) == 1
    assert careful.status(key) == "technical-failure"
    last = careful.platform.notify.find_timeline(careful.service.id, key)[-1]
    assert (last.kind, last.detail) == ("failed", NO_DOUBLES)


def test_such_a_service_still_has_failures_tried_again(careful: Town) -> None:
    key = careful.text().id
    careful.platform.phones.failures.append(ProviderFailed("no"))
    careful.platform.run()
    assert careful.status(key) == "sending"


def test_who_dies_before_anybody_was_chosen_leaves_no_doubt(town: Town) -> None:
    key = town.text().id
    with town.platform.database.statement() as work:
        work.notifications.claim([key], now=town.clock.now, until=town.clock.now + LEASE, choices=[Choice()])
    town.clock.advance(LEASE)
    town.platform.run()
    assert (town.status(key), facts(town, key).doubts) == ("sending", 0)


@pytest.mark.parametrize("channel", ["sms", "email"])
def test_who_is_not_answered_waits_for_the_receipt_too(town: Town, channel: str) -> None:
    key = (town.text() if channel == "sms" else town.mail()).id
    provider = town.platform.phones if channel == "sms" else town.platform.inboxes
    provider.failures.append(ProviderSilent("no answer"))
    town.platform.run()
    doubtful = facts(town, key)
    assert (doubtful.doubts, doubtful.leased_until) == (1, town.clock.now + WAIT)
    assert doubtful.in_doubt_until == doubtful.leased_until
    town.clock.advance(WAIT)
    town.platform.run()
    assert (town.status(key), len(provider.sent), facts(town, key).doubts) == ("sending", 1, 1)
    assert told(town, key)[-4:] == ["attempted", "in-doubt", "attempted", "handed-over"]


def test_a_slow_worker_whose_success_comes_late_settles_the_doubt(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = town.text().id
    die_at_the_call(town, key, monkeypatch)
    carrier = facts(town, key).attempting_with
    town.clock.advance(LEASE)
    town.platform.run()
    late = Attempted(
        notification_id=key, status=Status.SENDING, at=town.clock.now, sent_by=carrier, billable_units=1, attempt=1
    )
    with town.platform.database.statement() as work:
        work.notifications.record([late])
    town.clock.advance(WAIT)
    town.platform.run()
    assert len(town.platform.phones.sent) == 1
    assert (town.status(key), facts(town, key).in_doubt_until) == ("sending", None)


def test_what_ends_in_doubt_every_time_ends_some_day(town: Town) -> None:
    key = town.text().id
    town.platform.phones.failures.extend(ProviderSilent("no answer") for _ in range(100))
    for _ in range(3000):
        for circuit in town.platform.notify.deliver_sms.choosing.circuits.values():
            circuit.answered()  # or else most attempts would call nobody
        town.platform.run()
        if town.status(key) == "technical-failure":
            break
        town.clock.advance(timedelta(seconds=60))
    ended = facts(town, key)
    assert ended.status == "technical-failure"
    assert ended.attempts == 50, "the first, 48 more, and the one that found out"
    assert town.platform.notify.find_timeline(town.service.id, key)[-1].detail == IN_DOUBT_TOO_OFTEN


def test_who_dies_every_time_before_anybody_is_called_stops_some_day_and_claims_no_doubt(town: Town) -> None:
    key = town.text().id
    for _ in range(49):
        with town.platform.database.statement() as work:
            work.notifications.claim([key], now=town.clock.now, until=town.clock.now + LEASE)
        town.clock.advance(LEASE)
    [result] = town.platform.notify.deliver_sms([key])
    assert (result.outcome, result.attempt, result.problem) == ("technical-failure", 50, TOO_OFTEN)


# Providers that are down


class Choosy:
    """Two providers of texts behind one list. `down` cannot be reached."""

    def __init__(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[ProviderName] = []
        self.down: dict[ProviderName, type[ProviderFailed]] = {}
        carriers = town.platform.notify.deliver_sms.carriers.sms
        for name in (MMG, FIRETEXT):
            monkeypatch.setitem(carriers, name, _Line(self, name))


class _Line:
    def __init__(self, choosy: Choosy, name: ProviderName) -> None:
        self.choosy, self.name = choosy, name

    def send(self, message: OutgoingSms) -> None:
        del message
        self.choosy.calls.append(self.name)
        if failure := self.choosy.down.get(self.name):
            raise failure("SMS client error (Request failed)")


@pytest.fixture
def choosy(town: Town, monkeypatch: pytest.MonkeyPatch) -> Choosy:
    return Choosy(town, monkeypatch)


def test_what_did_not_reach_one_provider_goes_to_the_other_at_once(town: Town, choosy: Choosy) -> None:
    choosy.down = {MMG: ProviderUnreachable}
    ids = [town.text().id for _ in range(25)]
    results = town.platform.notify.deliver_sms(ids)
    assert {(result.outcome, result.provider, result.attempt) for result in results} == {("sending", FIRETEXT, 1)}
    assert choosy.calls.count(FIRETEXT) == 25
    redirected = ids[choosy.calls.index(MMG)]
    attempts = [
        (event.provider, event.detail)
        for event in town.platform.notify.find_timeline(town.service.id, redirected)
        if event.kind == "attempted"
    ]
    assert attempts == [(MMG, None), (FIRETEXT, "instead of mmg: SMS client error (Request failed)")]


def test_what_may_have_reached_one_provider_does_not_go_to_the_other(town: Town, choosy: Choosy) -> None:
    choosy.down = {MMG: ProviderSilent, FIRETEXT: ProviderSilent}
    town.platform.notify.deliver_sms([town.text().id for _ in range(4)])
    assert len(choosy.calls) == 4


def test_when_both_are_unreachable_each_is_called_once_an_attempt(town: Town, choosy: Choosy) -> None:
    choosy.down = {MMG: ProviderUnreachable, FIRETEXT: ProviderUnreachable}
    key = town.text().id
    [result] = town.platform.notify.deliver_sms([key])
    assert sorted(choosy.calls) == [FIRETEXT, MMG]
    assert (result.outcome, result.retry_at, facts(town, key).doubts) == (None, town.clock.now, 0)


def test_nobody_is_called_when_the_attempt_is_not_ours_any_more(town: Town, choosy: Choosy) -> None:
    """A receipt, or somebody else's claim, can come while the first provider is called."""
    choosy.down = {MMG: ProviderUnreachable, FIRETEXT: ProviderUnreachable}
    key = town.text().id
    called = choosy.calls

    class Overtaken(list[ProviderName]):
        def append(self, name: ProviderName) -> None:
            super().append(name)
            confirm(town, key)

    choosy.calls = Overtaken(called)
    town.platform.notify.deliver_sms([key])
    assert len(choosy.calls) == 1
    assert town.status(key) == "delivered"


def test_late_in_its_lease_an_attempt_calls_nobody_else(town: Town, choosy: Choosy) -> None:
    choosy.down = {MMG: ProviderUnreachable, FIRETEXT: ProviderUnreachable}

    class Slow(list[ProviderName]):
        def append(self, name: ProviderName) -> None:
            super().append(name)
            town.clock.advance(timedelta(seconds=13))

    choosy.calls = Slow()
    town.platform.notify.deliver_sms([town.text().id])
    assert len(choosy.calls) == 1


@pytest.mark.parametrize("failure", [ProviderUnreachable, ProviderUnwell, ProviderSilent])
def test_a_provider_that_is_down_is_left_alone_while_the_other_carries_everything(
    town: Town, choosy: Choosy, failure: type[ProviderFailed]
) -> None:
    choosy.down = {MMG: failure}
    ids = [town.text().id for _ in range(200)]
    for start in range(0, 200, 10):
        town.platform.notify.deliver_sms(ids[start : start + 10])
    assert choosy.calls.count(MMG) < 20
    choosy.calls.clear()
    town.clock.advance(timedelta(seconds=29))
    town.platform.notify.deliver_sms([town.text().id for _ in range(20)])
    assert MMG not in choosy.calls


@pytest.mark.parametrize("failure", [ProviderFailed, ProviderThrottled])
def test_a_provider_that_answers_is_not_down(town: Town, choosy: Choosy, failure: type[ProviderFailed]) -> None:
    """One service's bad numbers must not take a provider away from all others."""
    choosy.down = {MMG: failure, FIRETEXT: failure}
    for _ in range(5):
        town.platform.notify.deliver_sms([town.text().id for _ in range(25)])
    assert len(choosy.calls) == 125


def test_when_every_provider_is_down_attempts_fail_without_a_call_and_say_so(town: Town, choosy: Choosy) -> None:
    choosy.down = {MMG: ProviderUnwell, FIRETEXT: ProviderUnwell}
    for _ in range(2):
        town.platform.notify.deliver_sms([town.text().id for _ in range(25)])
    choosy.calls.clear()
    key = town.text().id
    [result] = town.platform.notify.deliver_sms([key])
    assert (choosy.calls, result.outcome) == ([], None)
    assert "down at present" in str(result.problem)
    assert facts(town, key).attempting_with is None
    choosy.down = {}
    town.clock.advance(timedelta(minutes=6))
    town.platform.run()
    assert town.status(key) == "sending"


def test_test_keys_do_not_care_who_is_down(town: Town, choosy: Choosy) -> None:
    choosy.down = {MMG: ProviderUnwell, FIRETEXT: ProviderUnwell}
    for _ in range(2):
        town.platform.notify.deliver_sms([town.text().id for _ in range(25)])
    key = town.text(key=KeyType.TEST).id
    town.platform.run()
    assert town.status(key) == "delivered"


# Providers that want less


def test_who_is_throttled_waits_longer_each_time(town: Town) -> None:
    key = town.text().id
    town.platform.phones.failures.extend(ProviderThrottled("slow down") for _ in range(8))
    waits = []
    for _ in range(8):
        [result] = town.platform.notify.deliver_sms([key])
        assert result.retry_at is not None
        waits.append(result.retry_at - town.clock.now)
        town.clock.now = result.retry_at
    assert waits == sorted(waits)
    assert timedelta(seconds=45) <= waits[0] < waits[1] < waits[2] < waits[-1] <= timedelta(minutes=15)


def test_a_quota_of_a_day_is_not_asked_for_again_within_minutes(town: Town) -> None:
    key = town.mail().id
    town.platform.inboxes.failures.append(QuotaSpent("SES client error (LimitExceededException)"))
    [result] = town.platform.notify.deliver_email([key])
    assert result.retry_at is not None
    assert timedelta(minutes=45) <= result.retry_at - town.clock.now <= timedelta(minutes=75)
    town.platform.run()
    town.clock.now = result.retry_at
    town.platform.run()
    assert town.status(key) == "sending", "longer than a queue can hold it: it waited in the outbox"
