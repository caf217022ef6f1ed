"""What can be changed about a provider by hand."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from notify_adapters.memory import FixedClock, MemoryPlatform
from notify_core.providers.model import Provider
from notify_core.providers.set import InvalidProviderChange, LastProvider, ProviderChange
from notify_core.vocabulary import Channel, ProviderName

MMG, FIRETEXT = ProviderName.MMG, ProviderName.FIRETEXT


def known(platform: MemoryPlatform, name: ProviderName) -> Provider:
    return next(standing.provider for standing in platform.notify.list_providers() if standing.provider.name is name)


def test_a_change_is_a_new_version_with_its_reason(platform: MemoryPlatform, clock: FixedClock) -> None:
    change = ProviderChange(name=MMG, priority=80, reason=" they asked for more ", by=UUID(int=7))
    changed = platform.notify.set_provider(change)
    assert (changed.priority, changed.version, changed.updated_at) == (80, 2, clock.now)
    assert (changed.reason, changed.created_by_id) == ("they asked for more", UUID(int=7))
    assert known(platform, MMG) == changed
    assert [one.version for one in platform.notify.find_provider_history(MMG)] == [2, 1]


def test_what_is_so_already_is_no_new_version(platform: MemoryPlatform) -> None:
    before = known(platform, MMG)
    change = ProviderChange(name=MMG, priority=51, active=True, reason="to be sure")
    assert platform.notify.set_provider(change) == before
    assert platform.notify.find_provider_history(MMG) == [before]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (ProviderChange(name=MMG, reason="why"), "Nothing would change"),
        (ProviderChange(name=MMG, reason="why", priority=101), "priority: 101 is not from 0 to 100"),
        (ProviderChange(name=MMG, reason="why", priority=-1), "priority: -1 is not from 0 to 100"),
        (ProviderChange(name=MMG, reason=" ", priority=1), "reason: 0 characters long"),
        (ProviderChange(name=MMG, reason="x" * 501, priority=1), "reason: 501 characters long"),
    ],
)
def test_nonsense_is_refused(platform: MemoryPlatform, change: ProviderChange, problem: str) -> None:
    with pytest.raises(InvalidProviderChange, match=problem):
        platform.notify.set_provider(change)


@pytest.mark.parametrize(
    ("first", "last", "problem"),
    [
        (FIRETEXT, MMG, "mmg is the last active provider for sms"),
        (None, ProviderName.SES, "ses is the last active provider for email"),
        (None, MMG, "mmg is the last active provider that can send abroad"),
    ],
)
def test_the_last_one_stays_unless_it_is_forced(
    platform: MemoryPlatform, first: ProviderName | None, last: ProviderName, problem: str
) -> None:
    if first is not None:
        platform.notify.set_provider(ProviderChange(name=first, active=False, reason="why"))
    with pytest.raises(LastProvider, match=problem):
        platform.notify.set_provider(ProviderChange(name=last, active=False, reason="why"))
    assert known(platform, last).active
    platform.notify.set_provider(ProviderChange(name=last, active=False, reason="why", force=True))
    assert not known(platform, last).active
    assert platform.notify.set_provider(ProviderChange(name=last, active=True, reason="back")).active


def test_senders_follow_within_ten_seconds(platform: MemoryPlatform, clock: FixedClock) -> None:
    directory = platform.notify.directory
    before = directory.providers(Channel.SMS)
    change = ProviderChange(name=FIRETEXT, active=False, reason="maintenance")
    changed = platform.notify.set_provider(change)
    clock.advance(timedelta(seconds=9))
    assert directory.providers(Channel.SMS) == before
    clock.advance(timedelta(seconds=1))
    assert changed in directory.providers(Channel.SMS)
