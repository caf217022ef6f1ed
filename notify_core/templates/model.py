"""A template, at one of its versions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import frozen

from notify_core.users.model import NOTIFY_USER_ID
from notify_core.vocabulary import Channel


@frozen(kw_only=True)
class Template:
    """What a service writes. Every change makes a new version; old versions stay, since messages refer to them.

    `version` counts from 1; `created_by_id` is the user who saved this one. `subject` is None for texts.
    `hidden` templates belong to the platform itself.
    """

    id: UUID
    service_id: UUID
    name: str
    channel: Channel
    content: str
    created_at: datetime
    subject: str | None = None
    version: int = 1
    updated_at: datetime | None = None
    archived: bool = False
    hidden: bool = False
    has_unsubscribe_link: bool = False
    created_by_id: UUID = NOTIFY_USER_ID
