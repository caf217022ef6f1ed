"""Making, cancelling and resuming jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from notify_core.errors import Conflict, NotFound
from notify_core.jobs import process
from notify_core.jobs.create import NewJob
from notify_core.jobs.model import Job, JobStatus, PageOfJobs
from notify_core.jobs.refusals import (
    FileNotFound,
    FileNotValid,
    InvalidJob,
    JobNotFound,
    NothingToRetry,
    ServiceInactive,
    TooLateToCancelJob,
)
from notify_core.notifications.refusals import SenderNotFound
from notify_core.notifications.status import Status
from notify_core.services.model import MessageLimits
from notify_core.vocabulary import KeyType
from tests.unit.conftest import make_town
from tests.unit.jobs.conftest import Office

ONE = "phone number,name\n07700900001,A\n"
BROKEN = "phone number,name\nx,A\n"


def test_a_job_is_what_the_files_metadata_say(office: Office) -> None:
    job = office.create(ONE, notification_count="12", original_file_name="Rhestr y Dŵr.csv")
    assert (job.status, job.notification_count, job.original_file_name) == (
        JobStatus.PENDING,
        12,
        "Rhestr y Dŵr.csv",
    )
    assert (job.template_id, job.template_version, job.channel) == (office.town.sms.id, 1, "sms")
    assert office.find(job) == job


@pytest.mark.parametrize(
    ("metadata", "problems"),
    [
        ({"template_id": None}, {"template_id": ["Missing data for required field."]}),
        ({"notification_count": None, "original_file_name": None}, {"notification_count", "original_file_name"}),
        ({"valid": None}, {"valid": ["Missing data for required field."]}),
        ({"notification_count": "-1"}, {"notification_count": ["Not a valid integer."]}),
        ({"notification_count": "many"}, {"notification_count": ["Not a valid integer."]}),
        ({"template_id": "nonsense"}, {"template_id": ["Not a valid UUID."]}),
        ({"sender_id": "nonsense"}, {"sender_id": ["Not a valid UUID."]}),
        ({"template_id": str(uuid4())}, {"template": ["Template not found"]}),
    ],
)
def test_metadata_that_will_not_do_are_named(office: Office, metadata: Any, problems: Any) -> None:
    with pytest.raises(InvalidJob) as caught:
        office.create(ONE, **metadata)
    assert (set(caught.value.problems) if isinstance(problems, set) else caught.value.problems) == problems


@pytest.mark.parametrize("valid", ["False", "true", "1"])
def test_a_file_that_nobody_called_valid_is_refused(office: Office, valid: str) -> None:
    with pytest.raises(FileNotValid, match="File is not valid, can't create job"):
        office.create(ONE, valid=valid)


def test_a_file_must_be_there(office: Office) -> None:
    with pytest.raises(FileNotFound):
        office.platform.notify.create_job(NewJob(id=uuid4(), service_id=office.town.service.id))


def test_a_service_must_be_there_and_active(office: Office) -> None:
    with pytest.raises(NotFound):
        office.platform.notify.create_job(NewJob(id=uuid4(), service_id=uuid4()))
    office.platform.notify.archive_service(office.town.service.id)
    office.platform.notify.directory.forget()
    with pytest.raises(ServiceInactive):
        office.create(ONE)


def test_an_archived_template_is_refused(office: Office) -> None:
    office.platform.notify.archive_template(office.town.sms.id)
    office.platform.notify.directory.forget()
    with pytest.raises(InvalidJob) as caught:
        office.create(ONE)
    assert caught.value.problems == {"template": ["Template has been deleted"]}


def test_another_services_template_is_refused(office: Office) -> None:
    other = make_town(office.platform, office.clock, name="Parks")
    with pytest.raises(InvalidJob):
        office.create(ONE, template_id=str(other.sms.id))


def test_a_sender_must_be_the_services(office: Office) -> None:
    with pytest.raises(SenderNotFound):
        office.create(ONE, sender_id=str(uuid4()))


def test_a_user_must_be_known(office: Office) -> None:
    with pytest.raises(InvalidJob):
        office.create(ONE, job={"created_by_id": uuid4()})


def test_a_job_is_made_once_of_each_file(office: Office) -> None:
    upload = office.upload(ONE)
    new = NewJob(id=upload, service_id=office.town.service.id)
    office.platform.notify.create_job(new)
    with pytest.raises(Conflict):
        office.platform.notify.create_job(new)
    office.platform.run()
    assert len(office.texts) == 1


# Scheduling


def test_a_scheduled_job_waits_for_its_time(office: Office) -> None:
    job = office.create(ONE, job={"scheduled_for": office.clock() + timedelta(days=7)})
    office.platform.notify.run_scheduled_jobs()
    office.platform.run()
    assert office.find(job).status is JobStatus.SCHEDULED
    office.clock.advance(timedelta(days=7, seconds=1))
    assert office.platform.notify.run_scheduled_jobs() == 1
    assert office.platform.notify.run_scheduled_jobs() == 0
    office.platform.run()
    assert office.find(job).status is JobStatus.FINISHED_ALL_CREATED
    assert len(office.texts) == 1


@pytest.mark.parametrize(
    ("away", "sentence"),
    [
        (timedelta(seconds=-1), "Date cannot be in the past"),
        (timedelta(days=7, seconds=1), "Date cannot be more than 7 days in the future"),
    ],
)
def test_a_job_can_be_scheduled_for_the_coming_week(office: Office, away: timedelta, sentence: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        office.create(ONE, job={"scheduled_for": office.clock() + away})
    assert caught.value.problems == {"scheduled_for": [sentence]}


# Cancelling


def test_a_scheduled_job_can_be_cancelled_and_is_never_sent(office: Office) -> None:
    job = office.create(ONE, job={"scheduled_for": office.clock() + timedelta(hours=1)})
    cancel = office.platform.notify.cancel_job
    assert cancel(job.service_id, job.id).status is JobStatus.CANCELLED
    assert cancel(job.service_id, job.id).status is JobStatus.CANCELLED
    office.clock.advance(timedelta(hours=2))
    office.platform.notify.run_scheduled_jobs()
    office.platform.run()
    assert office.texts == []


def test_a_job_can_be_cancelled_until_its_rows_are_stored(office: Office) -> None:
    job = office.create(ONE)
    office.platform.notify.cancel_job(job.service_id, job.id)
    office.platform.run()
    assert office.find(job).status is JobStatus.CANCELLED
    assert office.texts == []


def left_today(office: Office) -> int:
    """Return how many texts the service may still send today."""
    reserve = office.platform.notify.process_job.reserve
    return next(n for n in range(20) if not reserve.would_fit(office.town.service, KeyType.NORMAL, "sms", n + 1))


def stored(office: Office, tasks: int) -> Job:
    """Return a job of three rows in two chunks, of which so many tasks were done."""
    job = office.create("phone number,name\n07700900120,A\n07700900121,B\n07700900122,C\n")
    notify = office.platform.notify
    notify.process_job([job.id])
    with office.platform.database.statement() as work:
        chunks = work.jobs.list_chunks(job.id)
    assert len(chunks) == 2
    notify.process_job_chunk([chunk.id for chunk in chunks[:tasks]])
    return office.find(job)


@pytest.fixture
def small(office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Return an office whose chunks are of two rows, and that may send ten texts a day."""
    monkeypatch.setattr(process, "ROWS_IN_CHUNK", 2)
    return Office(make_town(office.platform, office.clock, name="Small", limits=MessageLimits(sms=10)))


@pytest.mark.parametrize(
    ("tasks", "status"),
    [(0, JobStatus.CANCELLED), (1, JobStatus.CANCELLED), (2, JobStatus.FINISHED_ALL_CREATED)],
)
def test_what_nobody_has_begun_to_deliver_is_cancelled(small: Office, tasks: int, status: JobStatus) -> None:
    job = stored(small, tasks)
    assert left_today(small) == 7
    cancel = small.platform.notify.cancel_job
    assert cancel(job.service_id, job.id).status is status
    assert left_today(small) == 10
    assert cancel(job.service_id, job.id).status is status
    assert left_today(small) == 10
    small.platform.run()
    assert small.texts == []
    counts = small.platform.notify.count_job(small.find(job))
    assert counts == ({Status.CANCELLED: min(3, 2 * tasks)} if tasks else {})


def test_what_was_begun_goes_on_when_the_rest_is_cancelled(small: Office) -> None:
    job = stored(small, 1)
    small.platform.notify.deliver_sms([job.row_id(0)])
    assert small.platform.notify.cancel_job(job.service_id, job.id).status is JobStatus.CANCELLED
    small.platform.run()
    assert [recipient for recipient, _ in small.texts] == ["447700900120"]
    assert left_today(small) == 9


def test_places_of_yesterday_are_not_given_back(small: Office) -> None:
    job = stored(small, 1)
    small.clock.advance(timedelta(days=1))
    small.platform.notify.cancel_job(job.service_id, job.id)
    assert left_today(small) == 10


def test_a_job_of_which_everything_is_on_its_way_cannot_be_cancelled(office: Office) -> None:
    job = office.send(ONE)
    with pytest.raises(TooLateToCancelJob, match="finished all notifications created"):
        office.platform.notify.cancel_job(job.service_id, job.id)


def test_only_its_own_service_can_touch_a_job(office: Office) -> None:
    job = office.create(ONE)
    for touch in (
        office.platform.notify.cancel_job,
        office.platform.notify.retry_job,
        office.platform.notify.find_job,
    ):
        with pytest.raises(JobNotFound):
            touch(uuid4(), job.id)


# Resuming


def test_a_job_whose_file_would_not_do_can_be_retried_with_another(office: Office) -> None:
    job = office.send(BROKEN)
    assert job.is_invalid
    again = office.platform.notify.retry_job(job.service_id, job.id)
    assert (again.status, again.errors, again.error_count) == (JobStatus.PENDING, (), 0)
    office.platform.run()
    assert office.find(job).error_count == 1
    assert office.texts == []


def test_there_is_nothing_to_retry_in_a_job_that_went_well(office: Office) -> None:
    job = office.send(ONE)
    with pytest.raises(NothingToRetry):
        office.platform.notify.retry_job(job.service_id, job.id)


def test_a_job_that_stands_still_for_half_an_hour_is_taken_up(office: Office) -> None:
    """What was promised for it is lost, as if its queue had been purged."""
    job = office.create(ONE)
    lose_every_promise(office)
    notify = office.platform.notify
    office.clock.advance(timedelta(minutes=30))
    assert notify.check_jobs() == 0
    office.clock.advance(timedelta(seconds=1))
    assert notify.check_jobs() == 1
    assert office.find(job).status is JobStatus.ERROR
    assert notify.check_jobs() == 0
    office.platform.run()
    assert office.find(job).status is JobStatus.FINISHED_ALL_CREATED
    assert len(office.texts) == 1


def test_a_job_with_a_bad_file_is_not_taken_up(office: Office) -> None:
    job = office.send(BROKEN)
    office.clock.advance(timedelta(hours=2))
    assert office.platform.notify.check_jobs() == 0
    office.platform.notify.resume_jobs([job.id])
    assert office.find(job) == job


def test_rows_whose_chunk_was_lost_are_stored_after_twenty_minutes(office: Office) -> None:
    job = office.create(ONE)
    notify = office.platform.notify
    notify.process_job([job.id])
    lose_every_promise(office)
    office.clock.advance(timedelta(minutes=20, seconds=1))
    assert notify.complete_jobs() == 0
    assert notify.restore_missing_rows() == 1
    office.platform.run()
    assert office.find(job).status is JobStatus.FINISHED_ALL_CREATED
    assert notify.restore_missing_rows() == 0
    assert len(office.texts) == 1


def test_a_lost_chunk_can_be_asked_for_at_once(office: Office) -> None:
    job = office.create(ONE)
    office.platform.notify.process_job([job.id])
    lose_every_promise(office)
    assert office.platform.notify.retry_job(job.service_id, job.id).status is JobStatus.FINISHED
    office.platform.run()
    assert len(office.texts) == 1


def test_jobs_are_listed(office: Office) -> None:
    first = office.send(ONE)
    office.clock.advance(timedelta(seconds=1))
    second = office.create(ONE)
    listed = office.platform.notify.list_jobs(PageOfJobs(service_id=first.service_id))
    assert [job.id for job in listed.jobs] == [second.id, first.id]
    assert office.platform.notify.count_job(second) == {}


def lose_every_promise(office: Office) -> None:
    with office.platform.database.statement() as work:
        now = office.clock()
        entries = work.outbox.take(limit=99, due_before=now + timedelta(days=9), now=now, until=now)
        work.outbox.remove([entry.id for entry in entries], queued_at=now)
