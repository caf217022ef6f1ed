"""What was sent on a day: the quantities that are paid for. What they cost is the tariff's."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from attrs import frozen

from notify_core.vocabulary import Channel, Postage

#: The provider of texts that were charged for although it is not known who carried them.
UNKNOWN_PROVIDER = "unknown"


@frozen(kw_only=True)
class Fact:
    """How many messages of one kind a service sent on a London day; no two facts of a day are of the same kind.

    `billable_units` are the fragments of all of them, or their sheets. `sheets` is those of each letter, and 0 for
    other messages, which have no `postage` either. Emails are counted with a multiplier of 0.
    """

    day: date
    service_id: UUID
    template_id: UUID
    channel: Channel
    provider: str
    rate_multiplier: int
    international: bool
    postage: Postage | None
    sheets: int
    billable_units: int
    notifications_sent: int


@frozen(kw_only=True)
class DayUsage:
    """What a service sent on a London day that is paid for alike.

    `chargeable_units` are fragments, each times the multiplier of its country; 0 for emails, and for letters as many
    as there are.
    """

    day: date
    channel: Channel
    postage: Postage | None
    sheets: int
    chargeable_units: int
    notifications_sent: int
