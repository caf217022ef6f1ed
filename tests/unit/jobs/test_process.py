"""A file becomes messages: each row once, or none of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock, MemoryPlatform
from notify_core.errors import NotFound
from notify_core.identifiers import moment_of
from notify_core.jobs import process
from notify_core.jobs.model import JobStatus, RowError, file_name
from notify_core.jobs.rows import row_of
from notify_core.notifications.status import Status
from notify_core.notifications.timeline import EventKind
from notify_core.outbox.model import Task
from notify_core.services.model import MessageLimits, Permission
from notify_core.vocabulary import KeyType
from tests.unit.conftest import make_town
from tests.unit.jobs.conftest import Office

THREE = "phone number,name,reference\n07700 900001,Ann,a1\n07700 900002,Ben,\n07700 900003,Cat,c3\n"


def many(rows: int) -> str:
    return "phone number,name\n" + "".join(f"077009{row:05d},Jo {row}\n" for row in range(rows))


# What becomes of rows


def test_every_row_becomes_a_message(office: Office) -> None:
    job = office.send(THREE)
    assert job.status is JobStatus.FINISHED_ALL_CREATED
    assert job.notification_count == 3
    assert sorted(office.texts) == [
        ("447700900001", "Bins: Hi Ann"),
        ("447700900002", "Bins: Hi Ben"),
        ("447700900003", "Bins: Hi Cat"),
    ]


def test_a_row_says_which_it_is(office: Office) -> None:
    job = office.send(THREE)
    message = office.row(job, 2)
    facts, contents = message.notification, message.contents
    assert (facts.job_id, facts.job_row_number, facts.api_key_id) == (job.id, 2, None)
    assert (facts.key_type, facts.template_version) == (KeyType.NORMAL, job.template_version)
    assert (contents.recipient, contents.normalised_recipient) == ("07700 900003", "447700900003")
    assert contents.client_reference == "c3"
    assert contents.personalisation == {"phonenumber": "07700 900003", "name": "Cat"}
    assert office.row(job, 1).contents.client_reference is None


def test_ids_of_rows_are_in_the_order_of_rows_and_of_the_time_the_job_is_due(office: Office) -> None:
    due = office.clock() + timedelta(days=3)
    job = office.create(THREE, job={"scheduled_for": due})
    ids = [job.row_id(row) for row in range(3)]
    assert ids == sorted(ids)
    assert [row_of(one) for one in ids] == [0, 1, 2]
    assert {moment_of(one) for one in ids} == {due}
    with pytest.raises(ValueError, match="no row"):
        job.row_id(-1)


def test_emails_are_sent_from_files_too(office: Office) -> None:
    job = office.send(
        "Email-Address,NAME\nJo@Example.com,Jo\n",
        template_id=str(office.town.email.id),
    )
    assert job.status is JobStatus.FINISHED_ALL_CREATED
    (email,) = office.platform.inboxes.sent
    assert (email.recipient, email.subject) == ("jo@example.com", "For Jo")


def test_a_chosen_sender_is_the_one_that_messages_come_from(office: Office) -> None:
    sender = office.town.service.sms_senders[0]
    job = office.send(THREE, sender_id=str(sender.id))
    assert job.sender_id == sender.id
    assert office.row(job, 0).contents.reply_to_text == sender.text


# Errors


def test_all_errors_are_found_before_anything_is_sent(office: Office) -> None:
    job = office.send("name,phone number\nAnn,07700 900001\n,07700 900002\nBen,0770\n,x\n,\n")
    assert job.status is JobStatus.ERROR
    assert job.is_invalid
    assert job.error_count == 4
    assert [(error.row, error.column) for error in job.errors] == [
        (1, "name"),
        (2, "phone number"),
        (3, "name"),
        (3, "phone number"),
    ]
    assert job.errors[0].problem == "Missing"
    assert office.stored(job) == 0
    assert office.texts == []


def test_errors_quote_nothing_of_the_row(office: Office) -> None:
    job = office.send("phone number,name\nsecret-number,Ann\n")
    assert "secret" not in str(job.errors)


def test_missing_and_repeated_columns_are_named(office: Office) -> None:
    job = office.send("Phone Number,phone_number,town\n07700 900001,07700 900002,Ely\n")
    assert job.status is JobStatus.ERROR
    assert {error.column for error in job.errors} == {"name", "Phone Number", "phone_number"}


def test_a_message_that_is_too_long_is_an_error_of_its_row(office: Office) -> None:
    job = office.send(f"phone number,name\n07700 900001,{'x' * 920}\n")
    assert [(error.row, error.column) for error in job.errors] == [(0, None)]
    assert "918 characters" in job.errors[0].problem


def test_only_so_many_errors_are_kept_but_all_are_counted(office: Office) -> None:
    job = office.send("phone number,name\n" + "x,\n" * 1500)
    assert (job.error_count, len(job.errors)) == (3000, 1000)


def test_a_service_in_trial_mode_sends_to_its_guests_only(platform: MemoryPlatform, clock: FixedClock) -> None:
    office = Office(make_town(platform, clock, name="Trial", restricted=True))
    job = office.send("phone number,name\n+44 7700 900999,Guest\n07700900998,Stranger\n")
    assert [(error.row, error.column) for error in job.errors] == [(1, "phone number")]
    assert "trial mode" in job.errors[0].problem
    assert office.texts == []
    assert office.send("phone number,name\n+44 7700 900999,Guest\n").status is JobStatus.FINISHED_ALL_CREATED


def test_more_rows_than_a_job_may_have_are_refused(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "MOST_ROWS", 3)
    assert office.send(many(3)).status is JobStatus.FINISHED_ALL_CREATED
    job = office.send(many(4))
    assert job.status is JobStatus.ERROR
    assert "rows" in job.errors[0].problem


# Limits and services


def limited(platform: MemoryPlatform, clock: FixedClock, sms: int, international: int = 100) -> Office:
    town = make_town(platform, clock, name=f"Limited {sms}")
    service = evolve(town.service, limits=MessageLimits(sms=sms, international_sms=international))
    with platform.database.statement() as work:
        work.services.save(service)
    platform.notify.directory.forget()
    return Office(evolve(town, service=service))


def test_a_job_beyond_todays_limit_is_refused_as_a_whole(platform: MemoryPlatform, clock: FixedClock) -> None:
    office = limited(platform, clock, 5)
    first = office.send(many(3))
    second = office.send(many(3))
    third = office.send(many(2))
    assert [job.status for job in (first, second, third)] == [
        JobStatus.FINISHED_ALL_CREATED,
        JobStatus.SENDING_LIMITS_EXCEEDED,
        JobStatus.FINISHED_ALL_CREATED,
    ]
    assert len(office.texts) == 5
    assert office.stored(second) == 0


def test_a_job_said_to_be_beyond_the_limit_is_not_read(platform: MemoryPlatform, clock: FixedClock) -> None:
    office = limited(platform, clock, 5)
    job = office.send("not read", notification_count="6")
    assert job.status is JobStatus.SENDING_LIMITS_EXCEEDED
    assert job.encoding is None
    assert job.processing_finished == clock()


def test_texts_abroad_have_a_limit_of_their_own(platform: MemoryPlatform, clock: FixedClock) -> None:
    office = limited(platform, clock, 99, international=1)
    abroad = "phone number,name\n+33612345678,A\n+33612345679,B\n"
    job = office.send(abroad)
    assert (job.status, job.international_count) == (JobStatus.SENDING_LIMITS_EXCEEDED, 2)
    assert office.send("phone number,name\n+33612345678,A\n").status is JobStatus.FINISHED_ALL_CREATED


def test_a_job_that_was_refused_can_be_retried_the_next_day(platform: MemoryPlatform, clock: FixedClock) -> None:
    office = limited(platform, clock, 3)
    office.send(many(3))
    job = office.send(many(3))
    clock.advance(timedelta(days=1))
    platform.notify.retry_job(job.service_id, job.id)
    platform.run()
    assert office.find(job).status is JobStatus.FINISHED_ALL_CREATED
    assert len(office.texts) == 6


def test_an_archived_services_job_is_cancelled(office: Office) -> None:
    job = office.create(THREE)
    office.platform.notify.archive_service(office.town.service.id)
    office.clock.advance(timedelta(seconds=3))
    office.platform.run()
    assert office.find(job).status is JobStatus.CANCELLED
    assert office.texts == []


def test_a_service_without_the_permission_sends_nothing(office: Office) -> None:
    service = evolve(office.town.service, permissions=frozenset({Permission.EMAIL}))
    with office.platform.database.statement() as work:
        work.services.save(service)
    office.platform.notify.directory.forget()
    job = office.send(THREE)
    assert job.errors == (RowError(problem="Service is not allowed to send text messages"),)
    assert office.texts == []


# Repetition


def test_tasks_that_are_repeated_send_nothing_twice(office: Office) -> None:
    job = office.send(many(5))
    perform = office.platform.notify.perform
    with office.platform.database.statement() as work:
        chunks = work.jobs.list_chunks(job.id)
    for _ in range(2):
        perform(Task.PROCESS_JOB, [job.id])
        perform(Task.SHATTER_JOB_ROWS, [chunk.id for chunk in chunks])
        perform(Task.PROCESS_INCOMPLETE_JOBS, [job.id])
    office.platform.run()
    assert len(office.texts) == 5
    assert office.find(job) == job


def test_a_chunk_stored_twice_before_the_job_is_complete_promises_nothing_twice(office: Office) -> None:
    job = office.create(many(5))
    notify = office.platform.notify
    notify.perform(Task.PROCESS_JOB, [job.id])
    with office.platform.database.statement() as work:
        (chunk,) = work.jobs.list_chunks(job.id)
    stored = notify.process_job_chunk
    stored._store(job.id, chunk, list(stored._rows(office.find(job), chunk, office.clock())), office.clock())
    stored([chunk.id])
    office.platform.run()
    assert len(office.texts) == 5


def test_files_are_checked_slice_by_slice(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no time at all for a slice, each is as short as can be."""
    monkeypatch.setattr(process, "_SLICE", timedelta(0))
    monkeypatch.setattr(process, "_ROWS_BETWEEN_LOOKS", 2)
    monkeypatch.setattr(process, "ROWS_IN_CHUNK", 3)
    job = office.create(many(9))
    notify = office.platform.notify
    notify.perform(Task.PROCESS_JOB, [job.id])
    halfway = office.find(job)
    assert (halfway.status, halfway.rows_checked) == (JobStatus.IN_PROGRESS, 2)
    notify.perform(Task.PROCESS_JOB, [job.id])
    assert office.find(job).rows_checked == 4
    assert office.texts == []
    office.platform.run()
    assert office.find(job).status is JobStatus.FINISHED_ALL_CREATED
    assert len(office.texts) == 9
    with office.platform.database.statement() as work:
        chunks = work.jobs.list_chunks(job.id)
    assert [chunk.first_row for chunk in chunks] == [0, 2, 4, 6, 8]


def test_finding_out_how_to_read_a_large_file_can_be_a_slice_of_its_own(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = office.create(many(9))
    with monkeypatch.context() as patch:
        patch.setattr(process, "_SLICE", timedelta(seconds=-1))
        office.platform.notify.perform(Task.PROCESS_JOB, [job.id])
    surveyed = office.find(job)
    assert (surveyed.status, surveyed.encoding, surveyed.rows_checked) == (JobStatus.IN_PROGRESS, "utf-8", 0)
    office.platform.run()
    assert len(office.texts) == 9


def test_an_error_in_a_late_slice_takes_everything_back(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_SLICE", timedelta(0))
    monkeypatch.setattr(process, "_ROWS_BETWEEN_LOOKS", 2)
    job = office.send(many(7) + "07700900001,\n")
    assert [(error.row, error.column) for error in job.errors] == [(7, "name")]
    assert office.texts == []
    with office.platform.database.statement() as work:
        assert work.jobs.list_chunks(job.id) == []


def test_empty_rows_at_the_beginning_of_a_slice_are_rows(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_SLICE", timedelta(0))
    monkeypatch.setattr(process, "_ROWS_BETWEEN_LOOKS", 1)
    job = office.send("phone number,name\n07700900001,A\n\n\n07700900002,B\n\n,\n")
    assert job.rows_checked == 4
    assert [error.row for error in job.errors] == [1, 1, 2, 2]


def test_a_row_that_is_wrong_when_it_is_stored_fails_alone(office: Office) -> None:
    """Only a file that changes after it was checked comes to that."""
    job = office.create(THREE)
    notify = office.platform.notify
    notify.perform(Task.PROCESS_JOB, [job.id])
    name = file_name(job.service_id, job.id)
    file = office.platform.files.get(name)
    assert file is not None
    office.platform.files.put(name, evolve(file, content=file.content.replace(b"07700 900002", b"nonsense no.")))
    office.platform.run()
    job = office.find(job)
    assert job.status is JobStatus.FINISHED_ALL_CREATED
    assert notify.count_job(job)[Status.VALIDATION_FAILED] == 1
    assert len(office.texts) == 2
    failed = office.row(job, 1)
    assert failed.notification.billable_units == 0
    timeline = notify.find_timeline(job.service_id, failed.notification.id)
    (told,) = [event for event in timeline if event.kind is EventKind.FAILED]
    assert told.detail is not None
    assert told.detail.startswith("phone number: ")


def test_a_file_that_shrinks_after_it_was_checked_loses_no_row(office: Office) -> None:
    job = office.create(THREE)
    office.platform.notify.perform(Task.PROCESS_JOB, [job.id])
    name = file_name(job.service_id, job.id)
    file = office.platform.files.get(name)
    assert file is not None
    office.platform.files.put(name, evolve(file, content=file.content[:-30]))
    office.platform.run()
    assert office.stored(job) == 3


def test_a_file_that_is_gone_is_an_error(office: Office) -> None:
    job = office.create(THREE)
    office.platform.files.remove(file_name(job.service_id, job.id))
    office.platform.run()
    assert office.find(job).errors == (RowError(problem="The file is no longer there. Upload it again."),)


def test_a_job_that_nobody_knows_is_no_matter(office: Office) -> None:
    office.platform.notify.perform(Task.PROCESS_JOB, [office.town.service.id])
    office.platform.notify.perform(Task.SHATTER_JOB_ROWS, [office.town.service.id])
    with pytest.raises(NotFound):
        office.platform.notify.find_job(office.town.service.id, office.town.service.id)
