"""How texts are shared out among their providers: away from one in trouble, and back when it has passed.

Pure rules. Each takes the active providers as they are now and returns those that change, at their next version.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from notify_core.providers.defaults import DEFAULT_PROVIDERS
from notify_core.providers.model import Provider, next_version
from notify_core.users.model import NOTIFY_USER_ID
from notify_core.vocabulary import Channel, ProviderName

#: The least and the most that a priority can be.
LOWEST, HIGHEST = 0, 100
#: By how much a priority changes at a time.
STEP = 10

#: A provider's texts arrive late: after a change this long passes before the next, so that its effect can be seen.
SLOW_THRESHOLD = timedelta(minutes=5)
#: The same for a provider that takes no texts, which is seen sooner.
ERRORS_THRESHOLD = timedelta(minutes=1)
#: Priorities that were left alone for this long go back towards where they rest.
TEND_AFTER = timedelta(minutes=15)

#: Where the priorities are while nothing is wrong.
RESTING_POINTS: Mapping[ProviderName, int] = {
    provider.name: provider.priority for provider in DEFAULT_PROVIDERS if provider.channel is Channel.SMS
}

REDUCED = "Reduced due to reduced reliability"
INCREASED = "Increased due to reduced reliability in other provider"
TENDED_BACK = "Adjusted back to resting point"


def reduce_priority(
    providers: Iterable[Provider], name: ProviderName, *, now: datetime, threshold: timedelta
) -> list[Provider]:
    """Move one step of priority from the provider of that name to the others, and return what changes.

    Nothing changes while any of them was changed less than `threshold` ago, when there is no other to take over, or
    when all have gone as far as they can.
    """
    active = [provider for provider in providers if provider.active]
    names = {provider.name for provider in active}
    if name not in names or len(active) < 2 or changed_since(active, now - threshold):
        return []
    changes: list[Provider] = []
    for provider in active:
        if provider.name is name:
            priority, reason = max(LOWEST, provider.priority - STEP), REDUCED
        else:
            priority, reason = min(HIGHEST, provider.priority + STEP), INCREASED
        changes += _moved(provider, priority, reason, now)
    return changes


def tend_back(
    providers: Iterable[Provider],
    *,
    now: datetime,
    resting_points: Mapping[ProviderName, int] = RESTING_POINTS,
) -> list[Provider]:
    """Move each priority by at most a step towards where it rests, and return what changes.

    Nothing changes while any of them was changed less than TEND_AFTER ago. One without a resting point stays.
    """
    active = [provider for provider in providers if provider.active]
    if changed_since(active, now - TEND_AFTER):
        return []
    changes: list[Provider] = []
    for provider in active:
        away = resting_points.get(provider.name, provider.priority) - provider.priority
        priority = provider.priority + max(-STEP, min(STEP, away))
        changes += _moved(provider, priority, TENDED_BACK, now)
    return changes


def changed_since(providers: Iterable[Provider], moment: datetime) -> bool:
    """Whether any of these was changed after that moment."""
    return any(provider.updated_at is not None and provider.updated_at > moment for provider in providers)


def _moved(provider: Provider, priority: int, reason: str, now: datetime) -> list[Provider]:
    """Return the provider with that priority, or nothing when it has it already."""
    if priority == provider.priority:
        return []
    return [next_version(provider, at=now, reason=reason, by=NOTIFY_USER_ID, priority=priority)]
