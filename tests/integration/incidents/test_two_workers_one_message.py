"""Two workers, each a process of its own, and one message."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from notify_core.providers.model import OutgoingSms
from tests.integration.incidents.post_office import a_post_office


def test_a_worker_that_finds_another_at_work_sends_nothing_and_looks_again(postgres_url: str) -> None:
    """A replay put a message on the queue that a worker was just sending, and a second worker sent it as well.

    Whoever claims it second must leave it alone, even while the first one's call takes long.
    """
    with a_post_office(postgres_url) as office:
        first, second = office.worker(), office.worker()
        [key] = office.accept(first)
        calling = Barrier(2)

        def take_long(_: OutgoingSms) -> None:
            calling.wait(10)  # now the second worker comes
            calling.wait(10)  # now it has gone

        office.phones.before = take_long
        with ThreadPoolExecutor(1) as threads:
            sending = threads.submit(first.deliver_sms, [key])
            calling.wait(10)
            assert second.deliver_sms([key]) == []
            calling.wait(10)
            [result] = sending.result(10)
        assert (result.outcome, result.attempt) == ("sending", 1)
        office.clock.advance(second.deliver_sms.lease)
        office.run(second)
        assert office.phones.taken == {key: 1}
        assert office.facts(first, key).doubts == 0
