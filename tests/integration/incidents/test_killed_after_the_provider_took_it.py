"""A worker is killed between the provider's yes and our record of it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from notify_core.application import Notify
from notify_core.providers.model import OutgoingSms
from tests.integration.incidents.post_office import PostOffice, a_post_office

WAIT = timedelta(seconds=120)


def deliver_and_die(url: str, key: UUID, taken: Path) -> None:
    """Be the process of a worker that is killed while its provider says yes."""
    office = PostOffice(url)

    def take_and_kill(message: OutgoingSms) -> None:
        taken.write_text(str(message.reference))
        os.kill(os.getpid(), signal.SIGKILL)

    office.phones.before = take_and_kill
    office.worker().deliver_sms([key])


def killed(office: PostOffice, notify: Notify, key: UUID, taken: Path) -> None:
    """Let another process take the message to its provider and be killed there; then somebody finds it."""
    process = multiprocessing.get_context("spawn").Process(target=deliver_and_die, args=(office.url, key, taken))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert taken.read_text() == str(key), "the provider has it"
    office.clock.advance(notify.deliver_sms.lease)
    office.run(notify)


def test_the_receipt_of_a_message_whose_worker_was_killed_is_enough(postgres_url: str, tmp_path: Path) -> None:
    """The message came back to the queue, was sent again at once, and arrived twice.

    Whoever finds it must wait for the receipt: it names our id, and settles whether the provider has it.
    """
    with a_post_office(postgres_url) as office:
        notify = office.worker()
        [key] = office.accept(notify)
        killed(office, notify, key, tmp_path / "taken")
        doubtful = office.facts(notify, key)
        assert (doubtful.status, doubtful.doubts, doubtful.in_doubt_until) == ("created", 1, office.clock.now + WAIT)
        office.confirm(notify, key)
        office.clock.advance(WAIT)
        office.run(notify)
        assert office.phones.calls == 0, "nobody has sent it again"
        assert office.facts(notify, key).status == "delivered"


def test_without_a_receipt_it_is_sent_again_and_that_it_may_be_a_double_is_counted(
    postgres_url: str, tmp_path: Path
) -> None:
    """Nobody could say how many messages were sent twice after a deployment that killed its workers.

    When no receipt comes in time the message must be sent again rather than lost, and the doubt must be on record.
    """
    with a_post_office(postgres_url) as office:
        notify = office.worker()
        [key] = office.accept(notify)
        killed(office, notify, key, tmp_path / "taken")
        office.clock.advance(WAIT)
        office.run(notify)
        resent = office.facts(notify, key)
        assert office.phones.taken == {key: 1}, "beside the one that the killed worker's provider took"
        assert (resent.status, resent.attempts, resent.doubts, resent.in_doubt_until) == ("sending", 2, 1, None)
