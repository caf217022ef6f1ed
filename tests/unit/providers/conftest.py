"""Texts that a provider has had for a while."""

from __future__ import annotations

from datetime import timedelta

from attrs import evolve

from notify_core.notifications.status import Status
from notify_core.vocabulary import ProviderName
from tests.unit.conftest import Town


def hand_over(town: Town, count: int, provider: ProviderName, late: int = 0) -> None:
    """Have so many texts handed to the provider now; all but the late ones are delivered a minute later."""
    texts = [town.text() for _ in range(count)]
    with town.platform.database.statement() as work:
        for number, text in enumerate(texts):
            facts = work.notifications.find_for_receipt(notification_id=text.id)
            assert facts is not None
            sent = evolve(facts, status=Status.SENDING, sent_by=provider, sent_at=town.clock.now)
            if number >= late:
                sent = evolve(sent, status=Status.DELIVERED, updated_at=town.clock.now + timedelta(minutes=1))
            work.notifications.save(sent)
