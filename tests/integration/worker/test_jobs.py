"""Jobs with what they have in production: a bucket, PostgreSQL, and tasks that are killed and repeated."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID, uuid4

import boto3
import pytest
from attrs import define, evolve, field, frozen

from notify_adapters.assembly import Platform, Role, assemble, file_store
from notify_adapters.embedded import EmbeddedAws, free_port
from notify_adapters.settings import read_settings
from notify_core.files.ports import StoredFile
from notify_core.jobs.create import NewJob
from notify_core.jobs.model import Job, JobStatus, file_name
from notify_core.notifications.status import Status
from notify_core.outbox.model import Task, TaskMessage
from notify_core.services.create import NewService
from notify_core.services.model import MessageLimits
from notify_core.templates.write import NewTemplate
from notify_core.unit_of_work import DatabaseUnavailable
from notify_core.vocabulary import Channel
from notify_worker.tasks import JOBS
from tests.unit.jobs.test_nasty_files import REFUSED, SENT

BUCKET = "jobs-csv-upload"
REGION = "eu-west-1"


@pytest.fixture(scope="session")
def settings_environment(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    log = Path(tmp_path_factory.mktemp("jobs-s3")) / "moto.log"
    with EmbeddedAws(free_port(), log) as aws, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "embedded")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "embedded")
        boto3.client("s3", endpoint_url=aws.url, region_name=REGION).create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        yield {
            "NOTIFY_ENVIRONMENT": "test",
            "SQLALCHEMY_DATABASE_URI": postgres_url,
            "NOTIFY_ENCRYPTION_KEYS": '{"k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}',
            "S3_BUCKET_CSV_UPLOAD": BUCKET,
            "AWS_ENDPOINT_URL_S3": aws.url,
            "MMG_API_KEY": "key",
            "FIRETEXT_API_KEY": "key",
            "REDIS_ENABLED": "0",
            "NOTIFY_LOG_LEVEL": "ERROR",
        }


@frozen
class Office:
    """A service, its bucket, and a worker's platform."""

    platform: Platform
    service_id: UUID
    template_id: UUID

    def send(self, content: bytes) -> Job:
        """Upload a file and make a job of it."""
        upload_id = uuid4()
        metadata = {
            "template_id": str(self.template_id),
            "notification_count": "1",
            "original_file_name": "Rhestr y Dŵr.csv",
            "valid": "True",
        }
        file_store(self.platform.settings).put(file_name(self.service_id, upload_id), StoredFile(content, metadata))
        return self.platform.notify.create_job(NewJob(id=upload_id, service_id=self.service_id))

    def find(self, job: Job) -> Job:
        """Return the job as it now stands."""
        return self.platform.notify.find_job(job.service_id, job.id)

    def do(self, message: TaskMessage) -> None:
        """Do a task as a worker does: by its name, with ids as texts."""
        (task,) = (one for one in JOBS if one.name == message.task)
        task.work(self.platform, [str(one) for one in message.subject_ids])


@define
class Desk:
    """Stands where relay and queue are: hands out the tasks of jobs, and counts the promises to deliver."""

    office: Office
    deliveries: list[UUID] = field(factory=list)

    def take(self) -> list[TaskMessage]:
        """Return the tasks of jobs that are promised now; they are promised no more."""
        tasks = []
        with self.office.platform.notify.relay_outbox.database.begin() as work:
            clock = self.office.platform.notify.relay_outbox.clock
            entries = work.outbox.take(limit=100_000, due_before=clock(), now=clock(), until=clock())
            work.outbox.remove([entry.id for entry in entries], queued_at=clock())
            work.commit()
        for entry in entries:
            if entry.task in (Task.DELIVER_SMS, Task.DELIVER_EMAIL):
                self.deliveries.append(entry.subject_id)
            else:
                tasks.append(
                    TaskMessage(
                        task=entry.task, queue=entry.queue, subject_ids=(entry.subject_id,), entry_ids=(entry.id,)
                    )
                )
        return tasks

    def finish(self) -> None:
        """Do everything that is to be done."""
        while tasks := self.take():
            for task in tasks:
                self.office.do(task)


@pytest.fixture
def office(settings_environment: dict[str, str]) -> Iterator[Office]:
    platform = assemble(read_settings(dict(os.environ) | settings_environment), Role.WORKER)
    notify = platform.notify
    service = notify.create_service(NewService(name=f"Office {uuid4()}"))
    template = notify.create_template(
        NewTemplate(service_id=service.id, name="Text", channel=Channel.SMS, content="Hi ((name))")
    )
    Desk(Office(platform, service.id, template.id)).take()
    yield Office(platform, service.id, template.id)
    platform.close()


@pytest.fixture
def desk(office: Office) -> Desk:
    return Desk(office)


def people(rows: int, encoding: str = "utf-8") -> bytes:
    lines = (f'07400{row:06d},"Zoë\nno. {row}",{"x" * (row % 50)}\r\n' for row in range(rows))
    return ("phone number,name,other\r\n" + "".join(lines)).encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_a_file_in_the_bucket_becomes_messages(office: Office, desk: Desk, encoding: str) -> None:
    job = office.send(people(2_500, encoding))
    desk.finish()
    job = office.find(job)
    assert (job.status, job.notification_count) == (JobStatus.FINISHED_ALL_CREATED, 2_500)
    assert office.platform.notify.count_job(job) == {Status.CREATED: 2_500}
    assert sorted(desk.deliveries) == [job.row_id(row) for row in range(2_500)]
    found = office.platform.notify.find_notification(job.service_id, job.row_id(2_499))
    assert found.contents.personalisation["name"] == "Zoë\nno. 2499"


@pytest.mark.parametrize(("text", "rows"), SENT.values(), ids=SENT)
def test_what_can_be_understood_is_sent(office: Office, desk: Desk, text: str, rows: int) -> None:
    job = office.send(text.encode())
    desk.finish()
    assert office.find(job).status is JobStatus.FINISHED_ALL_CREATED
    assert sorted(desk.deliveries) == [job.row_id(row) for row in range(rows)]


@pytest.mark.parametrize(("content", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_understood_is_refused_with_a_reason(
    office: Office, desk: Desk, content: bytes, said: str
) -> None:
    job = office.send(content)
    desk.finish()
    job = office.find(job)
    assert job.status is JobStatus.ERROR
    assert any(word in error.problem for error in job.errors for word in said.split("|")), job.errors
    assert office.platform.notify.count_job(job) == {}
    assert desk.deliveries == []


def test_a_limit_for_one_of_two_at_once_lets_the_job_through(office: Office, desk: Desk) -> None:
    """The same task twice at the same time takes the day's places once."""
    service = evolve(office.platform.notify.find_service(office.service_id), limits=MessageLimits(sms=2_500))
    with office.platform.notify.relay_outbox.database.statement() as work:
        work.services.save(service)
    office.platform.notify.directory.forget()
    job = office.send(people(2_500))
    with ThreadPoolExecutor(4) as threads:
        while tasks := desk.take():
            list(threads.map(office.do, tasks * 4))
    assert office.find(job).status is JobStatus.FINISHED_ALL_CREATED


def test_one_wrong_row_in_thousands_keeps_all_of_them_back(office: Office, desk: Desk) -> None:
    job = office.send(people(2_500) + b"0770,late,\n")
    desk.finish()
    job = office.find(job)
    assert job.status is JobStatus.ERROR
    assert [(error.row, error.column) for error in job.errors] == [(2_500, "phone number")]
    assert office.platform.notify.count_job(job) == {}
    assert desk.deliveries == []


def test_tasks_done_many_times_at_once_store_each_row_once(office: Office, desk: Desk) -> None:
    job = office.send(people(2_500))
    with ThreadPoolExecutor(4) as threads:
        while tasks := desk.take():
            list(threads.map(office.do, tasks * 3))
    assert office.find(job).status is JobStatus.FINISHED_ALL_CREATED
    assert sorted(desk.deliveries) == [job.row_id(row) for row in range(2_500)]


@pytest.mark.parametrize("seed", range(4))
def test_wherever_the_database_goes_away_each_row_is_stored_once(
    office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Any statement may be the last of its connection; tasks are then done again, as the queue would have them."""
    from notify_adapters.postgres.session import Session

    chance = random.Random(seed)
    job = office.send(people(2_500))
    ours = Session._send

    def unreliable(session: Session, statement: str, parameters: object = None) -> object:
        if chance.random() < 0.15:
            session._connection().close()
            raise DatabaseUnavailable("gone")
        answer = ours(session, statement, parameters)  # type: ignore[arg-type]  # as it came
        if statement == "COMMIT" and chance.random() < 0.2:
            raise DatabaseUnavailable("gone before it said that it had committed")
        return answer

    while tasks := desk.take():
        for task in tasks:
            with monkeypatch.context() as patch:
                patch.setattr(Session, "_send", unreliable)
                for _ in range(200):
                    try:
                        office.do(task)
                        break
                    except DatabaseUnavailable:
                        continue
    job = office.find(job)
    assert job.status is JobStatus.FINISHED_ALL_CREATED
    assert sorted(desk.deliveries) == [job.row_id(row) for row in range(2_500)]
