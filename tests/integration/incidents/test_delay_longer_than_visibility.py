"""A retry waits longer than the queue hides the message that it is about."""

from __future__ import annotations

from datetime import timedelta

from notify_core.outbox.model import Task
from notify_core.providers.model import OutgoingSms, ProviderFailed
from tests.integration.incidents.post_office import a_post_office


def test_what_waits_for_its_next_attempt_is_not_attempted_by_every_copy_of_its_task(postgres_url: str) -> None:
    """Retries waited in a worker's memory for 300 s while the queue hid their message for 60 s.

    The queue gave it to others, each of which tried at once and queued another retry: one message became
    hundreds. However often the task comes meanwhile, the attempt must wait for its time, and be one.
    """
    with a_post_office(postgres_url) as office:
        notify = office.worker()
        [key] = office.accept(notify)

        def fail(_: OutgoingSms) -> None:
            raise ProviderFailed("no")

        office.phones.before = fail
        office.run(notify)
        assert (office.phones.calls, office.facts(notify, key).attempts) == (2, 2), "the first retry is at once"
        for _ in range(4):
            office.clock.advance(timedelta(seconds=60))
            for _ in range(5):
                notify.perform(Task.DELIVER_SMS, [key])
            office.run(notify)
        assert office.facts(notify, key).attempts == 2
        office.phones.before = lambda _: None
        office.clock.advance(timedelta(seconds=60))
        for _ in range(5):
            notify.perform(Task.DELIVER_SMS, [key])
        office.run(notify)
        assert (office.phones.taken, office.facts(notify, key).attempts) == ({key: 1}, 3)
