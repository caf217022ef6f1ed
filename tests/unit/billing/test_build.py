"""Days are counted by night, by hour, by hand and when somebody asks: always the same."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from notify_adapters.memory import FixedClock
from notify_core.archive.countable import FactsArchived
from notify_core.calendar import financial_year
from notify_core.identifiers import first_id_at
from notify_core.outbox.model import SUBJECTS_PER_MESSAGE, Task
from tests.unit.conftest import Town


def sent(town: Town) -> int:
    return sum(line.notifications_sent for line in town.platform.notify.show_usage(town.service.id).yearly)


def test_a_text_is_on_the_bill_at_once_and_stays_there(town: Town, clock: FixedClock) -> None:
    town.text()
    assert sent(town) == 0, "nobody has taken it yet"
    town.platform.run()
    assert sent(town) == 1
    clock.advance(timedelta(days=1))
    assert sent(town) == 0, "the day is over, and was not counted"
    assert len(town.platform.notify.create_nightly_billing()) == 10
    clock.advance(timedelta(minutes=10))
    town.platform.run()
    assert sent(town) == 1
    [line] = town.platform.notify.show_usage(town.service.id).yearly
    assert (line.charged_units, line.free_allowance_used) == (0, 1)
    assert not line.cost


def test_the_hourly_count_is_stored_and_not_counted_twice(town: Town) -> None:
    town.text()
    town.mail()
    town.platform.run()
    assert town.platform.notify.update_billing_for_today() == 2
    facts = town.platform.notify.list_facts(town.service.id, date(2026, 11, 21))
    assert [(fact.channel, fact.notifications_sent) for fact in facts] == [("email", 1), ("sms", 1)]
    assert sent(town) == 2


def test_each_day_of_a_night_is_a_task_of_its_own(town: Town, clock: FixedClock) -> None:
    town.platform.notify.create_nightly_billing(date(2026, 11, 21), 3)
    clock.advance(timedelta(minutes=10))
    while town.platform.notify.relay_outbox().published:
        pass
    messages = []
    while (message := town.platform.publisher.receive()) is not None:
        messages.append(message)
    assert [(message.task, len(message.subject_ids)) for message in messages] == [(Task.BUILD_BILLING, 1)] * 3
    assert SUBJECTS_PER_MESSAGE > 1


def test_a_task_may_name_a_day_by_any_id_of_it(town: Town, clock: FixedClock) -> None:
    clock.now = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    town.text()
    town.platform.run()
    town.platform.notify.perform(Task.BUILD_BILLING, [first_id_at(clock.now)])
    assert len(town.platform.notify.list_facts(town.service.id, date(2026, 7, 1))) == 1


def test_a_day_whose_messages_were_archived_stays_as_it_was_counted(town: Town, clock: FixedClock) -> None:
    town.text()
    town.platform.run()
    clock.advance(timedelta(days=400))
    notify = town.platform.notify
    day = date(2026, 11, 21)
    notify.build_billing(day)
    before = notify.list_facts(town.service.id, day)
    notify.archive_facts()
    with pytest.raises(FactsArchived, match="2026-11-21 cannot be counted again: messages from before 2026-11-22"):
        notify.build_billing(day)
    assert notify.list_facts(town.service.id, day) == before
    assert notify.build_billing(date(2026, 11, 22)) == 0


def test_usage_of_a_year_that_is_over_does_not_count_today(town: Town, clock: FixedClock) -> None:
    town.text()
    town.platform.run()
    town.platform.notify.update_billing_for_today()
    clock.now = datetime(2027, 4, 1, 12, tzinfo=UTC)
    town.text()
    town.platform.run()
    assert financial_year(date(2027, 4, 1)) == 2027
    [last] = town.platform.notify.show_usage(town.service.id, 2026).yearly
    [this] = town.platform.notify.show_usage(town.service.id).yearly
    assert (last.notifications_sent, last.day) == (1, date(2026, 4, 1))
    assert (this.notifications_sent, this.day) == (1, date(2027, 4, 1))
