"""A broker and real worker processes."""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from attrs import define, field

from notify_adapters.embedded.child import Child, ChildCommand
from notify_adapters.sqs import QueueAdmin, SqsPublisher
from notify_core.outbox.model import Queue, Task, TaskMessage
from tests.integration.simulator import a_simulator

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_SECONDS = 30.0
VISIBILITY_SECONDS = 3
ACCOUNT = "123456789012"


def wait_until(true: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until it is true. AssertionError after so many seconds."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not so after {seconds:g} seconds"
        time.sleep(0.01)


@define
class Broker:
    """The SQS simulator, with the queues of one test."""

    port: int
    prefix: str = field(factory=lambda: f"{uuid4().hex[:8]}-")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def admin(self) -> QueueAdmin:
        return QueueAdmin(region="eu-west-1", endpoint_url=self.url, account_id=ACCOUNT, prefix=self.prefix)

    @cached_property
    def publisher(self) -> SqsPublisher:
        return SqsPublisher(
            region="eu-west-1", endpoint_url=self.url, account_id=ACCOUNT, prefix=self.prefix, message_groups=True
        )

    def publish(self, task: Task, count: int = 1, queue: Queue = Queue.SEND_SMS) -> list[UUID]:
        """Put that many messages on the queue, and return the id that each is about."""
        ids = [uuid4() for _ in range(count)]
        messages = [TaskMessage(task=task, queue=queue, subject_ids=(one,), entry_ids=(one,)) for one in ids]
        assert list(self.publisher.publish(messages)) == []
        return ids

    def order(self, faults: dict[str, object]) -> None:
        """Make things go wrong; an empty order puts them right."""
        request = urllib.request.Request(
            f"{self.url}/_simulator/faults", data=json.dumps(faults).encode(), method="PUT"
        )
        urllib.request.urlopen(request, timeout=30).close()

    def waiting(self, queue: str) -> tuple[int, int, int]:
        """Return how many messages are visible, in flight and delayed."""
        depth = self.admin.depths([queue])[queue]
        return depth.visible, depth.in_flight, depth.delayed

    def wait_until_empty(self, queue: Queue, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until nothing is on the queue, nor being worked on."""
        wait_until(lambda: self.waiting(queue) == (0, 0, 0), seconds)


@define
class RecordingWorker:
    """A worker process, and what its tasks noted."""

    child: Child
    record: Path

    def noted(self, event: str) -> list[str]:
        """Return the ids of the events of this kind, in order, of all workers with this record."""
        lines = [line.split() for line in self.record.read_text().splitlines()]
        return [line[1] for line in lines if line[0] == event]

    def processes(self) -> set[int]:
        """Return the ids of the processes that opened their platform."""
        return {int(line.split()[2]) for line in self.record.read_text().splitlines() if line.startswith("opened")}

    def wait_for(self, event: str, ids: Sequence[UUID], seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until the event was noted for all of these."""
        wanted = {str(one) for one in ids}
        wait_until(lambda: wanted <= set(self.noted(event)), seconds)

    def wait_until(self, true: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until it is true."""
        wait_until(true, seconds)

    def wait_until_all_are_dead(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until none of its processes is alive."""
        wait_until(lambda: not self.living(), seconds)

    def living(self) -> set[int]:
        """Return those of the processes that are alive."""
        return {pid for pid in self.processes() if is_alive(pid)}

    def kill(self) -> None:
        """End the main process as hard as the kernel can."""
        assert self.child.process is not None
        self.child.process.kill()
        self.child.process.wait()


@pytest.fixture(scope="session")
def simulator_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with a_simulator("sqs", logs=tmp_path_factory.mktemp("sqs")) as simulator:
        yield int(simulator.url.rpartition(":")[2])


@pytest.fixture
def broker(simulator_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    broker = Broker(simulator_port)
    broker.admin.ensure(
        [queue.value for queue in Queue], visibility_timeout_seconds=VISIBILITY_SECONDS, max_receives=3
    )
    yield broker
    broker.order({})


@pytest.fixture
def start_worker(broker: Broker, tmp_path: Path) -> Iterator[Callable[..., RecordingWorker]]:
    with workers_of(broker, tmp_path) as start:
        yield start


@contextmanager
def workers_of(broker: Broker, tmp_path: Path) -> Iterator[Callable[..., RecordingWorker]]:
    """Give what starts a worker of some queues (left out: all), with more environment. Ends them all afterwards."""
    record = tmp_path / "record"
    record.touch()
    with ExitStack() as workers:

        def start(*queues: Queue, **environment: str) -> RecordingWorker:
            command = ChildCommand(
                name="the worker",
                argv=(
                    sys.executable,
                    str(Path(__file__).parent / "recording_worker.py"),
                    str(record),
                    *[queue.value for queue in queues or Queue],
                ),
                environment=worker_environment(broker) | environment,
                working_directory=ROOT,
            )
            child = workers.enter_context(Child(command, tmp_path / f"worker-{uuid4().hex[:4]}.log"))
            return RecordingWorker(child, record)

        yield start


def worker_environment(broker: Broker) -> dict[str, str]:
    return dict(os.environ) | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "NOTIFY_ENVIRONMENT": "test",
        "SQLALCHEMY_DATABASE_URI": "postgresql://nowhere/at_all",
        "NOTIFY_ENCRYPTION_KEYS": '{"k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}',
        "AWS_ENDPOINT_URL_SQS": broker.url,
        "NOTIFICATION_QUEUE_PREFIX": broker.prefix,
        "CONCURRENCY": "2",
    }


def is_alive(pid: int) -> bool:
    """Say whether the process exists and is more than a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
