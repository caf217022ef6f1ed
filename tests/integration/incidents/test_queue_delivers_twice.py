"""Queues deliver at least once, and now and then twice at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from notify_core.outbox.model import Task
from tests.integration.incidents.post_office import a_post_office


def test_a_task_that_is_delivered_twice_at_once_sends_each_message_once(postgres_url: str) -> None:
    """Copies of one task were worked on at once, each had read `created`, and people got two texts.

    One of them must get each message, the others must leave it alone, and nothing may stay behind.
    """
    with a_post_office(postgres_url) as office:
        notify = office.worker()
        batches = [office.accept(notify, 25) for _ in range(4)]
        start = Barrier(4)

        def copy(_: int) -> None:
            for batch in batches:
                start.wait()
                notify.perform(Task.DELIVER_SMS, batch)

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(copy, range(4)))
        office.run(notify)
        ids = [key for batch in batches for key in batch]
        assert office.phones.taken == dict.fromkeys(ids, 1)
        assert {office.facts(notify, key).status for key in ids} == {"sending"}
        assert {office.facts(notify, key).attempts for key in ids} == {1}
