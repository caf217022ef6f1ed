"""Every provider of texts is down for ten minutes, and then back."""

from __future__ import annotations

from datetime import timedelta

from notify_core.providers.model import OutgoingSms, ProviderUnreachable
from tests.integration.incidents.post_office import a_post_office

MESSAGES = 300
STEP = timedelta(seconds=10)


def test_an_outage_is_not_answered_with_a_storm_and_everything_arrives_once(postgres_url: str) -> None:
    """A provider came back and went down again at once.

    Every waiting message was sent to it within a minute, over and over, and many of them twice.
    While it is down it must hardly be called; once it is back everything must arrive, and nothing twice.
    """
    with a_post_office(postgres_url) as office:
        notify = office.worker()
        ids = office.accept(notify, MESSAGES)

        def refuse(_: OutgoingSms) -> None:
            raise ProviderUnreachable("SMS client error (Request failed)")

        office.phones.before = refuse
        outage_ends = office.clock.now + timedelta(minutes=10)
        while office.clock.now < outage_ends:
            office.run(notify)
            office.clock.advance(STEP)
        calls = office.phones.calls
        # Two providers, each with 25 calls in flight before anybody knows, and one now and then to find out.
        assert 0 < calls < 2 * 25 + 2 * 10 + 2 * 10
        office.phones.before = lambda _: None
        for _ in range(90):
            office.run(notify)
            office.clock.advance(STEP)
        assert office.phones.taken == dict.fromkeys(ids, 1)
        assert office.phones.calls - calls < MESSAGES + 20
        assert {office.facts(notify, key).doubts for key in ids} == {0}
