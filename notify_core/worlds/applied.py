"""What became of a world: everything under the names that its file uses."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from attrs import Factory, field, frozen

from notify_core.vocabulary import Channel, KeyType


class Change(StrEnum):
    """What applying did to one thing."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    #: A received text that came so long ago that it would be gone by now.
    EXPIRED = "expired"


@frozen(kw_only=True)
class Applied:
    """One thing of the file: its id, and what applying did to it. What has expired has no id."""

    id: UUID | None
    change: Change


@frozen(kw_only=True)
class AppliedKey(Applied):
    """An API key. `combined` is the form that client libraries are configured with."""

    type: KeyType
    revoked: bool
    combined: str = field(repr=False)


@frozen(kw_only=True)
class AppliedTemplate(Applied):
    """A template. `version` is the latest in the database: archiving makes one of its own."""

    type: Channel
    version: int
    archived: bool


@frozen(kw_only=True)
class AppliedCallback(Applied):
    """An endpoint for callbacks. `signing_secret` is its newest."""

    active: bool
    signing_secret: str = field(repr=False)


@frozen(kw_only=True)
class AppliedService(Applied):
    """A service with what is its own, by the file's names. `fields` are those of its own that changed."""

    archived: bool
    fields: tuple[str, ...] = ()
    sms_senders: Mapping[str, Applied] = Factory(dict)
    reply_tos: Mapping[str, Applied] = Factory(dict)
    api_keys: Mapping[str, AppliedKey] = Factory(dict)
    templates: Mapping[str, AppliedTemplate] = Factory(dict)
    received_texts: tuple[Applied, ...] = ()
    callbacks: Mapping[str, AppliedCallback] = Factory(dict)


@frozen(kw_only=True)
class AppliedWorld:
    """All of it. A service with conflicts is in `services` no more, as nothing of it was written.

    `users` are by the email addresses of the file. Each of `conflicts` begins with its path in the file.
    """

    users: Mapping[str, Applied]
    services: Mapping[str, AppliedService]
    conflicts: tuple[str, ...] = ()
