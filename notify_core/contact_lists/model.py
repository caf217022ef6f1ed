"""A contact list: a file of recipients that a service keeps."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import field, frozen

from notify_core.errors import InvalidContent
from notify_core.vocabulary import Channel

#: What a list can be for. Letters are not sent to the same people again.
CHANNELS = (Channel.EMAIL, Channel.SMS)
_LONGEST_NAME = 255


class InvalidContactList(InvalidContent):
    """The list cannot be kept: the message says what is wrong with it."""

    code = "invalid-contact-list"


@frozen(kw_only=True)
class ContactList:
    """What is known of a list. Its file is kept beside it, under the same id.

    `original_file_name` is what its owner calls it, and `row_count` how many recipients it has. `created_by_id` is
    the user who stored it. `archived_at` is when it was removed, and its file and name with it; None until then.
    """

    id: UUID
    service_id: UUID
    original_file_name: str = field(repr=False)
    row_count: int
    channel: Channel
    created_by_id: UUID
    created_at: datetime
    archived_at: datetime | None = None

    def __attrs_post_init__(self) -> None:
        if self.channel not in CHANNELS:
            raise InvalidContactList(f"channel: {self.channel} has no contact lists; use email or sms")
        if not 0 < len(self.original_file_name) <= _LONGEST_NAME:
            length = len(self.original_file_name)
            raise InvalidContactList(
                f"original_file_name: {length} characters long; use between 1 and {_LONGEST_NAME}"
            )
        if self.row_count < 0:
            raise InvalidContactList(f"row_count: {self.row_count} is negative; use 0 or more")


@frozen(kw_only=True)
class Uses:
    """How often a list was made a job of: `ever`, and `recently`."""

    ever: int = 0
    recently: int = 0


@frozen(kw_only=True)
class ShownContactList:
    """A list with what is told beside it: the name of who stored it, and the jobs that were made of it.

    `recent_job_count` is of jobs within the service's retention of that channel.
    """

    contact_list: ContactList
    created_by: str = field(repr=False)
    has_jobs: bool
    recent_job_count: int
