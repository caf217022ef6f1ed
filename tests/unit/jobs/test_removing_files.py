"""Jobs' files are removed when their time is over, and what was copied from them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve

from notify_adapters.memory import MemoryFiles
from notify_core.files.ports import FilesUnavailable
from notify_core.jobs.model import Job, JobStatus, file_name
from notify_core.jobs.refusals import InvalidJob
from notify_core.jobs.remove_files import LETTERS, SMS_AND_EMAIL, JobFileLog
from notify_core.jobs.submit import Spreadsheet, Submission
from notify_core.outbox.model import Task
from tests.unit.jobs.conftest import Office

TWO_ROWS = "phone number,name\n07700 900001,Jo\n07700 900002,Sam\n"
DAY = timedelta(days=1)


def has_file(office: Office, job: Job) -> bool:
    return office.platform.files.describe(file_name(job.service_id, job.id)) is not None


def test_a_file_is_removed_with_its_messages_and_not_before(office: Office) -> None:
    job = office.send(TWO_ROWS, original_file_name="Jo and Sam.csv")
    office.clock.advance(7 * DAY)
    assert office.platform.notify.remove_job_files() == 0
    assert has_file(office, job)
    assert office.find(job) == job

    office.clock.advance(DAY)
    assert office.platform.notify.remove_job_files(LETTERS) == 0
    assert office.platform.notify.remove_job_files(SMS_AND_EMAIL) == 1
    assert office.platform.notify.remove_job_files() == 0
    assert not has_file(office, job)
    assert office.find(job) == job.as_archived(office.clock())
    assert sum(office.platform.notify.count_job(office.find(job)).values()) == 2


def test_a_job_that_is_archived_is_gone_on_with_no_more(office: Office) -> None:
    job = office.create(TWO_ROWS)
    notify = office.platform.notify
    notify.process_job([job.id])
    assert office.find(job).status is JobStatus.FINISHED
    with office.platform.database.statement() as work:
        [chunk] = work.jobs.list_chunks(job.id)
    office.clock.advance(9 * DAY)
    assert notify.remove_job_files() == 1
    notify.process_job_chunk([chunk.id])
    assert notify.restore_missing_rows() == 0
    assert notify.complete_jobs() == 0
    assert office.stored(job) == 0


def test_a_job_that_waited_too_long_ends_in_error(office: Office) -> None:
    job = office.create(TWO_ROWS)
    office.clock.advance(9 * DAY)
    office.platform.notify.remove_job_files()
    office.platform.run()
    ended = office.find(job)
    assert ended.status is JobStatus.ERROR
    assert [error.problem for error in ended.errors] == ["The file is no longer there. Upload it again."]


def test_another_file_under_the_name_of_an_archived_one_is_removed_in_its_turn(office: Office) -> None:
    job = office.send("phone number,name\nnobody,Jo\n")
    assert job.status is JobStatus.ERROR
    office.clock.advance(9 * DAY)
    notify = office.platform.notify
    assert notify.remove_job_files() == 1
    again = office.upload(TWO_ROWS)
    stored = office.platform.files.get(file_name(job.service_id, again))
    assert stored is not None
    office.platform.files.put(file_name(job.service_id, job.id), stored)
    notify.retry_job(job.service_id, job.id)
    office.platform.run()
    assert office.find(job).status is JobStatus.FINISHED_ALL_CREATED
    assert notify.remove_job_files() == 1
    assert not has_file(office, job)


class Reluctant(MemoryFiles):
    """Files of which some cannot be removed, or all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: set[str] = set()
        self.away: str | None = None

    def remove_many(self, names: Sequence[str]) -> list[str]:
        if self.away is not None:
            raise FilesUnavailable(self.away)
        super().remove_many([name for name in names if name not in self.kept])
        return [name for name in names if name in self.kept]


class Heard(JobFileLog):
    def __init__(self) -> None:
        self.said: list[tuple[list[UUID], str]] = []

    def not_removed(self, job_ids: Sequence[UUID], problem: str) -> None:
        self.said.append((sorted(job_ids), problem))


def test_what_cannot_be_removed_is_told_and_left_for_the_next_night(office: Office) -> None:
    jobs = [office.send(TWO_ROWS) for _ in range(3)]
    office.clock.advance(9 * DAY)
    files, heard = Reluctant(), Heard()
    remove = evolve(office.platform.notify.remove_job_files, files=files, log=heard)

    files.away = "S3 cannot be reached: EndpointConnectionError"
    assert remove() == 0
    assert heard.said == [(sorted(job.id for job in jobs), "S3 cannot be reached: EndpointConnectionError")]
    files.away = None
    files.kept.add(file_name(jobs[1].service_id, jobs[1].id))
    assert remove() == 2
    assert heard.said[1:] == [([jobs[1].id], "S3 kept them")]
    assert [office.find(job).archived for job in jobs] == [True, False, True]
    files.kept.clear()
    assert remove() == 1
    assert len(heard.said) == 2


def test_a_file_that_no_job_is_made_of_does_not_stay(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    content = TWO_ROWS.encode()
    sheet = Spreadsheet(original_file_name="a.csv", size=len(content), read_from=lambda start: [content[start:]])
    wanted = Submission(
        service_id=office.town.service.id,
        template_id=office.town.sms.id,
        spreadsheet=sheet,
        scheduled_for=office.clock() + timedelta(minutes=1),
    )
    puts: list[str] = []
    real_put = office.platform.files.put

    def put(name: str, file: Any) -> None:
        puts.append(name)
        real_put(name, file)
        office.clock.advance(timedelta(minutes=2))

    monkeypatch.setattr(office.platform.files, "put", put)
    with pytest.raises(InvalidJob):
        office.platform.notify.submit_file(wanted)
    assert [office.platform.files.describe(name) for name in puts] == [None]


@pytest.mark.parametrize("task", [Task.REMOVE_SMS_EMAIL_JOBS, Task.REMOVE_LETTER_JOBS])
def test_a_promise_goes_on_behind_a_job(office: Office, task: Task) -> None:
    first, second = sorted((office.send(TWO_ROWS) for _ in range(2)), key=lambda job: job.id)
    office.clock.advance(9 * DAY)
    office.platform.notify.perform(task, [first.id])
    expected = [False, task is Task.REMOVE_SMS_EMAIL_JOBS]
    assert [office.find(job).archived for job in (first, second)] == expected
