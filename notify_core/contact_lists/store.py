"""Store a file of recipients as a contact list."""

from __future__ import annotations

from uuid import UUID

from attrs import field, frozen

from notify_core.contact_lists.add import AddContactList, NewContactList
from notify_core.contact_lists.model import InvalidContactList, ShownContactList
from notify_core.content import EmailTemplate, SmsTemplate
from notify_core.files.ports import FileStore, StoredFile
from notify_core.identifiers import NewId
from notify_core.jobs.model import file_name
from notify_core.jobs.sheet import rows_from, survey
from notify_core.recipients.spreadsheet import MOST_ROWS
from notify_core.recipients.spreadsheet_columns import RECIPIENT_COLUMNS, Columns
from notify_core.recipients.spreadsheet_rows import MessageTemplate, Permissions, Row, RowRules
from notify_core.services.find import existing_service
from notify_core.services.model import Permission, Service
from notify_core.unit_of_work import Database
from notify_core.users.model import NOTIFY_USER_ID
from notify_core.vocabulary import Channel


@frozen(kw_only=True)
class FileOfContacts:
    """A file with recipients in it, beside whatever else."""

    service_id: UUID
    original_file_name: str = field(repr=False)
    channel: Channel
    content: bytes = field(repr=False)
    created_by_id: UUID = NOTIFY_USER_ID


@frozen
class StoreContactList:
    """Check a file, count its rows, and keep it."""

    database: Database
    files: FileStore
    add: AddContactList
    new_id: NewId

    def __call__(self, wanted: FileOfContacts) -> ShownContactList:
        """Return the list.

        Raises NotFound for an unknown service, InvalidContactList or UnusableFile when not everybody in the file can
        be written to, or FilesUnavailable. Then nothing is kept.
        """
        with self.database.statement() as work:
            service = existing_service(work, wanted.service_id)
        new = NewContactList(
            id=self.new_id(),
            service_id=wanted.service_id,
            original_file_name=wanted.original_file_name,
            row_count=count_recipients(wanted.content, wanted.channel, service),
            channel=wanted.channel,
            created_by_id=wanted.created_by_id,
        )
        name = file_name(new.service_id, new.id)
        self.files.put(name, StoredFile(wanted.content, {"original_file_name": new.original_file_name}))
        try:
            return self.add(new)
        except Exception:
            self.files.remove(name)
            raise


def count_recipients(content: bytes, channel: Channel, service: Service) -> int:
    """Return how many rows a file has, all of which can be written to.

    Raises InvalidContactList, which names the first row that cannot, or UnusableFile.
    """
    sheet = survey(len(content), lambda start: [content[start:]], channel)
    wanted = RECIPIENT_COLUMNS[channel][0]
    columns = Columns(sheet.header, channel, (), lambda: 0)
    if columns.missing:
        raise InvalidContactList(f"The file has no column `{wanted}`. Give that name to the one with recipients.")
    if columns.duplicate_recipients:
        raise InvalidContactList(f"The file has several columns `{wanted}`. Leave only one.")
    rules = RowRules(columns, _no_message(channel), _permissions(service))
    count = 0
    for read in rows_from(sheet, lambda start: [content[start:]], sheet.body_start):
        problem = next(iter(Row(count, columns.values_of(read.cells), rules).errors.values()), None)
        count += 1
        if problem is not None:
            raise InvalidContactList(f"Row {count + 1}: {wanted}: {problem}. Put it right, or remove the row.")
        if count > MOST_ROWS:
            raise InvalidContactList(f"The file has more than {MOST_ROWS:,} rows. Split it into several lists.")
    if count == 0:
        raise InvalidContactList("The file has a header and no rows. Add a row for each recipient.")
    return count


def _no_message(channel: Channel) -> MessageTemplate:
    """Return something that anybody could be sent."""
    return EmailTemplate("-", "-") if channel is Channel.EMAIL else SmsTemplate("-")


def _permissions(service: Service) -> Permissions:
    return Permissions(
        international_sms=Permission.INTERNATIONAL_SMS in service.permissions,
        sms_to_uk_landline=Permission.SMS_TO_UK_LANDLINES in service.permissions,
    )
