"""A service: one tenant of the platform, the team that sends."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from attrs import Factory, field, frozen, validators

from notify_core.errors import NotifyError
from notify_core.vocabulary import Channel

DEFAULT_RETENTION_DAYS = 7
DEFAULT_RATE_LIMIT = 3000
DEFAULT_MESSAGE_LIMIT = 999_999_999
DEFAULT_INTERNATIONAL_SMS_LIMIT = 250_000
SMS_SENDER_LENGTH = 11
NAME_LENGTH = 255
SHORTEST_RETENTION = 1
LONGEST_RETENTION = 90

# What archiving puts before a name. Always as long, so that the name can be found in it again.
_ARCHIVED = re.compile(r"_archived_\d{4}-\d{2}-\d{2}-\d{2}:\d{2}:\d{2}_(.+)", re.DOTALL)
_ARCHIVED_LENGTH = len("_archived_2026-11-21-00:00:00_")


class Permission(StrEnum):
    """What a service may do."""

    EMAIL = "email"
    SMS = "sms"
    LETTER = "letter"
    INTERNATIONAL_SMS = "international_sms"
    INBOUND_SMS = "inbound_sms"
    EMAIL_AUTH = "email_auth"
    EDIT_FOLDER_PERMISSIONS = "edit_folder_permissions"
    INTERNATIONAL_LETTERS = "international_letters"
    SMS_TO_UK_LANDLINES = "sms_to_uk_landlines"


DEFAULT_PERMISSIONS = frozenset(
    {
        Permission.SMS,
        Permission.EMAIL,
        Permission.LETTER,
        Permission.INTERNATIONAL_SMS,
        Permission.INTERNATIONAL_LETTERS,
    }
)


class WhenInDoubt(StrEnum):
    """What becomes of a message of which nobody knows whether a provider took it, and for which no receipt comes.

    `resend`: it is sent again, and may arrive twice. `fail`: it is not, and may have arrived although it has failed.
    """

    RESEND = "resend"
    FAIL = "fail"


class OrganisationType(StrEnum):
    """What kind of organisation a service belongs to: it decides how many texts are free each year."""

    CENTRAL = "central"
    LOCAL = "local"
    NHS_CENTRAL = "nhs_central"
    NHS_LOCAL = "nhs_local"
    NHS_GP = "nhs_gp"
    NHS_NOTIFY = "nhs_notify"
    EMERGENCY_SERVICE = "emergency_service"
    SCHOOL_OR_COLLEGE = "school_or_college"
    OTHER = "other"


class InvalidService(NotifyError):
    """A service cannot be made from these values."""

    code = "invalid-service"


@frozen(kw_only=True)
class SmsSender:
    """A name or number that texts may come from, at most 11 characters."""

    id: UUID
    text: str
    is_default: bool = True


@frozen(kw_only=True)
class ReplyTo:
    """An email address that answers may go to."""

    id: UUID
    address: str
    is_default: bool = True


@frozen(kw_only=True)
class MessageLimits:
    """How many messages of each kind a service may send in a day."""

    sms: int = DEFAULT_MESSAGE_LIMIT
    email: int = DEFAULT_MESSAGE_LIMIT
    letter: int = DEFAULT_MESSAGE_LIMIT
    international_sms: int = DEFAULT_INTERNATIONAL_SMS_LIMIT


@frozen(kw_only=True)
class Service:
    """One tenant, with everything that decides what it may send and how its messages look.

    `restricted` means trial mode: only the team and the guest list can be written to. Both hold
    normalised recipients, the team's being where its members can be written to. `rate_limit` is requests a
    minute and key type. `retention_days` says for how many days the personal data of a channel is kept, where
    it is not the default of 7. `organisation_type` is None where nobody has said. An archived
    service is not `active` and has another name: see `original_name`.
    """

    id: UUID
    name: str = field(validator=[validators.min_len(1), validators.max_len(NAME_LENGTH + _ARCHIVED_LENGTH)])
    created_at: datetime
    active: bool = True
    restricted: bool = False
    prefix_sms: bool = False
    permissions: frozenset[Permission] = DEFAULT_PERMISSIONS
    custom_email_sender_name: str | None = None
    contact_link: str | None = None
    rate_limit: int = DEFAULT_RATE_LIMIT
    limits: MessageLimits = Factory(MessageLimits)
    retention_days: Mapping[Channel, int] = Factory(dict)
    guest_list: frozenset[str] = frozenset()
    team: frozenset[str] = frozenset()
    sms_senders: tuple[SmsSender, ...] = ()
    reply_tos: tuple[ReplyTo, ...] = ()
    idempotent_references: bool = False
    when_in_doubt: WhenInDoubt = WhenInDoubt.RESEND
    organisation_type: OrganisationType | None = None

    @property
    def email_sender_local_part(self) -> str:
        """The part before the @ of the address its emails come from."""
        return email_safe(self.custom_email_sender_name or self.name)

    @property
    def email_sender_name(self) -> str:
        """The name its emails come from."""
        return self.custom_email_sender_name or self.name

    @property
    def original_name(self) -> str:
        """Its name, or the one that it had before it was archived."""
        match = None if self.active else _ARCHIVED.fullmatch(self.name)
        return self.name if match is None else match[1]

    @property
    def archived(self) -> bool:
        """Whether it was archived, for good."""
        return self.original_name != self.name

    def days_kept(self, channel: Channel) -> int:
        """For how many days the personal data of `channel`'s messages is kept."""
        return self.retention_days.get(channel, DEFAULT_RETENTION_DAYS)

    def may_send(self, channel: Channel) -> bool:
        """Whether the service has the permission of that name."""
        return Permission(channel) in self.permissions


def archived_name(name: str, at: datetime) -> str:
    """Return what a service is called once it is archived, so that its name is free.

    >>> archived_name("Bins", datetime(2026, 11, 21, 9, 30, tzinfo=UTC))
    '_archived_2026-11-21-09:30:00_Bins'
    """
    return f"_archived_{at.astimezone(UTC):%Y-%m-%d-%H:%M:%S}_{name}"


def looks_archived(name: str) -> bool:
    """Whether only an archived service should be called so."""
    return _ARCHIVED.fullmatch(name) is not None


def email_safe(name: str) -> str:
    """Turn a name into the local part of an email address.

    >>> email_safe("Blue Badge - Apply")
    'blue.badge.apply'
    """
    decomposed = unicodedata.normalize("NFD", name.strip())
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    dotted = re.sub(r"\s+", ".", bare)
    kept = "".join(character for character in dotted if character.isalnum() or character == ".")
    return re.sub(r"\.{2,}", ".", kept.lower()).strip(".")
