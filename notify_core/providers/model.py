"""A provider, what is handed to it, and how that can fail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from attrs import evolve, field, frozen

from notify_core.errors import NotifyError
from notify_core.vocabulary import Channel, ProviderName


@frozen(kw_only=True)
class Provider:
    """One carrier of one channel. `priority`, 0 to 100, is its weight when one is chosen at random.

    Every change makes a new `version`, and says when (UTC, None for what a new platform starts with), why, and who
    made it: a user, or None where nobody signed in, as on the command line.
    """

    name: ProviderName
    channel: Channel
    display_name: str
    priority: int
    active: bool = True
    supports_international: bool = False
    version: int = 1
    updated_at: datetime | None = None
    created_by_id: UUID | None = None
    reason: str | None = None


def next_version(
    provider: Provider,
    *,
    at: datetime,
    reason: str,
    by: UUID | None,
    priority: int | None = None,
    active: bool | None = None,
) -> Provider:
    """Return the provider as a change leaves it: its next version. What is None stays as it is."""
    return evolve(
        provider,
        priority=provider.priority if priority is None else priority,
        active=provider.active if active is None else active,
        version=provider.version + 1,
        updated_at=at,
        reason=reason,
        created_by_id=by,
    )


@frozen(kw_only=True)
class OutgoingSms:
    """A text as a provider gets it. `recipient` is E.164 digits without a plus; `reference` is ours."""

    reference: UUID
    recipient: str = field(repr=False)
    text: str = field(repr=False)
    sender: str
    international: bool = False


@frozen(kw_only=True)
class OutgoingEmail:
    """An email as a provider gets it. `sender_name` is unquoted, `sender_address` a bare address."""

    reference: UUID
    recipient: str = field(repr=False)
    sender_name: str
    sender_address: str
    reply_to: str | None = field(default=None, repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    one_click_unsubscribe_url: str | None = field(default=None, repr=False)


class ProviderFailed(NotifyError):
    """The provider did not take the message this time; another attempt may succeed. Never holds personal data."""

    code = "provider-failed"


class ProviderThrottled(ProviderFailed):
    """The provider asks us to slow down."""

    code = "provider-throttled"


class QuotaSpent(ProviderThrottled):
    """The provider takes no more from us today: not faster than an hour from now, and maybe not until tomorrow."""

    code = "provider-quota-spent"


class ProviderUnwell(ProviderFailed):
    """The provider says that it is broken itself, or shows it: any other message would fare the same."""

    code = "provider-unwell"


class ProviderUnreachable(ProviderUnwell):
    """No connection was made: the provider certainly does not have the message, and another may carry it."""

    code = "provider-unreachable"


class ProviderSilent(ProviderUnwell):
    """The provider was told, and did not answer, or not so that it could be read. It may have the message or not."""

    code = "provider-silent"


class ProviderRefused(NotifyError):
    """The provider will never take this message: trying again is pointless."""

    code = "provider-refused"


class NoProvider(ProviderFailed):
    """No active provider can carry this message."""

    code = "no-provider"


@frozen(kw_only=True)
class Choice:
    """Who is to carry a message, decided before it is known where it goes: at home, or abroad. None: nobody can."""

    home: ProviderName | None = None
    abroad: ProviderName | None = None

    def carrier(self, *, international: bool) -> ProviderName | None:
        """Return who carries it."""
        return self.abroad if international else self.home


def first_of_each(ids: Sequence[UUID], choices: Sequence[Choice]) -> dict[UUID, Choice]:
    """Return the choice for each id: for one that comes twice, the first; without any choices, nobody."""
    found: dict[UUID, Choice] = {}
    for key, choice in zip(ids, choices or [Choice()] * len(ids), strict=True):
        found.setdefault(key, choice)
    return found


def choose(providers: Iterable[Provider], *, international: bool, chance: float) -> Provider:
    """Choose among the active providers that can carry the message, each in proportion to its priority.

    `chance` is a number in [0, 1) that decides. When all priorities are 0 each is as likely as the others; a
    single candidate is always taken. Raises NoProvider when there is none.
    """
    candidates = [
        provider
        for provider in providers
        if provider.active and (provider.supports_international or not international)
    ]
    if not candidates:
        raise NoProvider("No active provider can carry this message")
    weights = [max(provider.priority, 0) for provider in candidates]
    if not any(weights):
        weights = [1] * len(candidates)
    mark = chance * sum(weights)
    for provider, weight in zip(candidates, weights, strict=True):
        mark -= weight
        if mark < 0:
            return provider
    return candidates[-1]
