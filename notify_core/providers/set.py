"""Set a provider's priority, switch it on or off: by hand, and for a reason."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from attrs import field, frozen

from notify_core.clock import Clock
from notify_core.errors import NotFound, NotifyError
from notify_core.providers.balance import HIGHEST, LOWEST
from notify_core.providers.log import ProviderLog
from notify_core.providers.model import Provider, next_version
from notify_core.unit_of_work import Database
from notify_core.vocabulary import ProviderName

_LONGEST_REASON = 500


class InvalidProviderChange(NotifyError):
    """What is to be changed about the provider makes no sense."""

    code = "invalid-provider-change"


class LastProvider(NotifyError):
    """Nobody would be left to carry some of the messages."""

    code = "last-provider"


@frozen(kw_only=True)
class ProviderChange:
    """What is to be different about a provider, and why. What is None stays.

    `by` is the user who wants it, None where nobody signed in. `force` does it even if nobody is left to carry some
    messages, which then wait, and fail in the end.
    """

    name: ProviderName
    reason: str
    priority: int | None = None
    active: bool | None = None
    by: UUID | None = None
    force: bool = False


@frozen
class SetProvider:
    """Change a provider by hand. Processes that send follow within ten seconds."""

    database: Database
    clock: Clock
    log: ProviderLog = field(factory=ProviderLog)

    def __call__(self, change: ProviderChange) -> Provider:
        """Return the provider as it now stands: the same version when it was so already.

        Raises NotFound, InvalidProviderChange, or LastProvider.
        """
        reason = check(change)
        with self.database.begin() as work:
            found = work.providers.find(change.name)
            if found is None:
                raise NotFound(f"There is no provider called {change.name}")
            channel = work.providers.lock(found.channel)
            before = next(provider for provider in channel if provider.name is change.name)
            after = next_version(
                before, at=self.clock(), reason=reason, by=change.by, priority=change.priority, active=change.active
            )
            if (after.priority, after.active) == (before.priority, before.active):
                return before
            if not change.force:
                _check_somebody_is_left(channel, after)
            work.providers.save(after)
            work.commit()
        self.log.changed(after)
        return after


def check(change: ProviderChange) -> str:
    """Return the reason, trimmed, of a change that makes sense. Raises InvalidProviderChange."""
    if change.priority is None and change.active is None:
        raise InvalidProviderChange("Nothing would change: give a priority, or say whether the provider is active")
    if change.priority is not None and not LOWEST <= change.priority <= HIGHEST:
        raise InvalidProviderChange(f"priority: {change.priority} is not from {LOWEST} to {HIGHEST}")
    reason = change.reason.strip()
    if not 0 < len(reason) <= _LONGEST_REASON:
        raise InvalidProviderChange(
            f"reason: {len(reason)} characters long; say in 1 to {_LONGEST_REASON} why, for who reads the history"
        )
    return reason


def _check_somebody_is_left(channel: Sequence[Provider], after: Provider) -> None:
    if after.active:
        return
    left = [provider for provider in channel if provider.active and provider.name is not after.name]
    if not left:
        raise LastProvider(
            f"{after.name} is the last active provider for {after.channel}: without it such messages wait, and fail"
            " after hours. Activate another first, or force it"
        )
    if after.supports_international and not any(provider.supports_international for provider in left):
        raise LastProvider(
            f"{after.name} is the last active provider that can send abroad: without it such messages wait, and fail"
            " after hours. Activate another first, or force it"
        )
