"""A service that sends from files."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from attrs import frozen

from notify_adapters.memory import FixedClock, MemoryPlatform
from notify_core.files.ports import StoredFile
from notify_core.jobs.create import NewJob
from notify_core.jobs.model import Job, file_name
from notify_core.notifications.model import Message
from tests.unit.conftest import Town


@frozen
class Office:
    """A town's service, and the bucket that it uploads to."""

    town: Town

    @property
    def platform(self) -> MemoryPlatform:
        return self.town.platform

    @property
    def clock(self) -> FixedClock:
        return self.town.clock

    def upload(self, content: bytes | str, **metadata: str | None) -> UUID:
        """Put a file in the bucket, as whoever uploads it does, and return the id of the job to be."""
        upload_id = uuid4()
        texts = {
            "template_id": str(self.town.sms.id),
            "notification_count": "1",
            "original_file_name": "people.csv",
            "valid": "True",
        } | metadata
        self.platform.files.put(
            file_name(self.town.service.id, upload_id),
            StoredFile(
                content.encode() if isinstance(content, str) else content,
                {name: text for name, text in texts.items() if text is not None},
            ),
        )
        return upload_id

    def create(self, content: bytes | str, *, job: dict[str, Any] | None = None, **metadata: str | None) -> Job:
        """Upload a file and make a job of it."""
        return self.platform.notify.create_job(
            NewJob(id=self.upload(content, **metadata), service_id=self.town.service.id, **job or {})
        )

    def send(self, content: bytes | str, **metadata: str | None) -> Job:
        """Make a job of a file, do everything that is to be done, and return the job as it then stands."""
        job = self.create(content, job=None, **metadata)
        self.platform.run()
        return self.find(job)

    def find(self, job: Job) -> Job:
        """Return the job as it now stands."""
        return self.platform.notify.find_job(job.service_id, job.id)

    def row(self, job: Job, row: int) -> Message:
        """Return the message that a row became."""
        with self.platform.database.statement() as work:
            message = work.notifications.find(job.service_id, job.row_id(row))
        assert message is not None
        return message

    def stored(self, job: Job) -> int:
        """Return how many rows are stored."""
        return sum(self.platform.notify.count_job(self.find(job)).values())

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Return who was texted what, in the order in which the provider got it."""
        return [(text.recipient, text.text) for text in self.platform.phones.sent]


@pytest.fixture
def office(town: Town) -> Office:
    return Office(town)
