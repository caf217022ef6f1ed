"""Files of recipients: checked, counted, kept, sent to."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from notify_core.contact_lists.model import InvalidContactList
from notify_core.contact_lists.store import FileOfContacts
from notify_core.errors import NotFound
from notify_core.files.ports import StoredFile
from notify_core.jobs.model import JobStatus, file_name
from notify_core.jobs.submit import FileRefused, Spreadsheet, Submission
from notify_core.services.model import DEFAULT_PERMISSIONS, Permission
from notify_core.vocabulary import Channel
from tests.unit.conftest import Town, make_town

PEOPLE = "phone number;name\n07700 900123;Jo\n+44 7700 900124;Sam\n".encode("utf-16")


def stored(town: Town, content: bytes = PEOPLE, channel: Channel = Channel.SMS, **more: Any) -> Any:
    wanted: dict[str, Any] = {"service_id": town.service.id, "original_file_name": "people.csv"} | more
    return town.platform.notify.store_contact_list(FileOfContacts(content=content, channel=channel, **wanted))


def submission(town: Town, sheet: Spreadsheet, **more: Any) -> Submission:
    return Submission(service_id=town.service.id, template_id=town.sms.id, spreadsheet=sheet, **more)


def test_a_file_is_kept_as_it_is_and_its_rows_are_counted(town: Town) -> None:
    shown = stored(town)
    kept = town.platform.contact_list_files.get(file_name(town.service.id, shown.contact_list.id))
    assert kept == StoredFile(PEOPLE, {"original_file_name": "people.csv"})
    assert (shown.contact_list.row_count, shown.created_by, shown.has_jobs) == (2, "Notify user", False)
    assert town.platform.notify.list_contact_lists(town.service.id) == [shown]


@pytest.mark.parametrize(
    ("content", "channel", "problem"),
    [
        ("phone number\n07700900123\n", Channel.EMAIL, "no column `email address`"),
        ("email address\njo@example.com\nnobody\n", Channel.EMAIL, "Row 3: email address: Not a valid email address"),
        ("phone number,x\n07700900123,\n,x\n", Channel.SMS, "Row 3: phone number: Missing"),
        ("phone number,Phone-Number\n07700900123,07700900123\n", Channel.SMS, "several columns"),
        ("phone number\n", Channel.SMS, "no rows"),
        ("phone number\n" + "07700900123\n" * 100_001, Channel.SMS, "more than 100,000 rows"),
        ("address line 1\nx\n", Channel.LETTER, "letter has no contact lists"),
    ],
)
def test_a_file_with_somebody_who_cannot_be_written_to_is_not_kept(
    town: Town, content: str, channel: Channel, problem: str
) -> None:
    with pytest.raises(InvalidContactList, match=problem):
        stored(town, content.encode(), channel)
    assert town.platform.notify.list_contact_lists(town.service.id) == []
    assert vars(town.platform.contact_list_files)["_files"] == {}


def test_numbers_abroad_are_for_services_that_may_text_there(town: Town) -> None:
    abroad = b"phone number\n+33 6 12 34 56 78\n"
    assert stored(town, abroad).contact_list.row_count == 1
    permissions = DEFAULT_PERMISSIONS - {Permission.INTERNATIONAL_SMS}
    at_home = make_town(town.platform, town.clock, name="At home", permissions=permissions)
    with pytest.raises(InvalidContactList, match="Row 2: phone number"):
        stored(at_home, abroad)


def test_a_service_or_user_that_there_is_not_keeps_nothing(town: Town) -> None:
    for unknown in ("service_id", "created_by_id"):
        nobody: dict[str, Any] = {unknown: uuid4()}
        with pytest.raises(NotFound):
            stored(town, **nobody)
    assert vars(town.platform.contact_list_files)["_files"] == {}


def test_a_list_is_sent_to_with_a_copy_of_its_file(town: Town) -> None:
    notify, list_id = town.platform.notify, stored(town).contact_list.id
    job = notify.submit_file(submission(town, notify.open_contact_list(town.service.id, list_id)))
    assert (job.status, job.contact_list_id, job.notification_count) == (JobStatus.PENDING, list_id, 2)
    shown = notify.find_contact_list(town.service.id, list_id)
    assert (shown.has_jobs, shown.recent_job_count) == (True, 1)
    notify.remove_contact_list(town.service.id, list_id)
    town.platform.run()
    assert [text.recipient for text in town.platform.phones.sent] == ["447700900123", "447700900124"]
    with pytest.raises(NotFound):
        notify.open_contact_list(town.service.id, list_id)


def test_a_list_whose_file_is_gone_says_so(town: Town) -> None:
    notify, list_id = town.platform.notify, stored(town).contact_list.id
    town.platform.contact_list_files.remove(file_name(town.service.id, list_id))
    with pytest.raises(NotFound, match="has no file"):
        notify.open_contact_list(town.service.id, list_id)


def test_nothing_is_uploaded_of_a_file_that_would_not_do(town: Town) -> None:
    wrong = b"phone number,name\n0740,Jo\n07700900123,\n"
    sheet = Spreadsheet(original_file_name="x.csv", size=len(wrong), read_from=lambda start: [wrong[start:]])
    with pytest.raises(FileRefused, match="Nothing is sent: the file has 2 errors") as refused:
        town.platform.notify.submit_file(submission(town, sheet))
    assert [(error.row, error.column) for error in refused.value.assessment.errors] == [
        (0, "phone number"),
        (1, "name"),
    ]
    assert vars(town.platform.files)["_files"] == {}


def test_what_is_uploaded_says_who_it_comes_from(town: Town) -> None:
    sender = town.service.sms_senders[0].id
    sheet = Spreadsheet(original_file_name="x.csv", size=len(PEOPLE), read_from=lambda start: [PEOPLE[start:]])
    job = town.platform.notify.submit_file(submission(town, sheet, sender_id=sender, created_by_id=None))
    kept = town.platform.files.get(file_name(town.service.id, job.id))
    assert kept is not None
    assert kept.metadata["sender_id"] == str(sender)
    assert job.sender_id == sender
    assert isinstance(job.id, UUID)
