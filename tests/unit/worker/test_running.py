"""What becomes of a message, whatever becomes of its task."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
import structlog
from celery.exceptions import Reject

from notify_adapters.assembly import Platform
from notify_core.outbox.model import Queue
from notify_core.unit_of_work import DatabaseUnavailable
from notify_worker.postponing import Patience
from notify_worker.running import PlatformOfProcess, Runner
from notify_worker.tasks import InvalidMessage, Job

SECRET = "someone@example.com"


class TaskOfCelery:
    """The part of a running Celery task that we use. `published` is what it was asked to send."""

    def __init__(self, retries: int = 0, broker_is_away: bool = False) -> None:
        self.request = SimpleNamespace(
            id="an-id",
            root_id="an-id",
            args=[[SECRET]],
            kwargs={},
            retries=retries,
            delivery_info={"routing_key": "ses-callbacks"},
            notify_message_group_id="a-service",
            notify_request_id=None,
        )
        self.published: list[dict[str, Any]] = []
        self._broker_is_away = broker_is_away

    def apply_async(self, args: object, kwargs: object, **options: Any) -> None:
        if self._broker_is_away:
            raise ConnectionError(SECRET)
        self.published.append({"args": args, "kwargs": kwargs, **options})


def failing(error: Exception) -> Callable[..., None]:
    def work(*_: object) -> None:
        raise error

    return work


def run(task: TaskOfCelery, work: Callable[..., object], **job: Any) -> None:
    Runner(Job(name="a-task", work=work, **job), lambda: cast("Platform", None))(task, [[SECRET]], {})


@pytest.fixture
def log() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


PATIENCE = Patience(delay=timedelta(seconds=300), retries=5, queue=Queue.RETRY, errors=(Exception,))


def test_a_task_is_told_with_its_queue_its_duration_and_the_number_of_ids(log: list[Any]) -> None:
    run(TaskOfCelery(), lambda *_: None)

    (line,) = log
    assert line["event"] == "task done"
    assert (line["task"], line["queue"], line["ids"]) == ("a-task", "ses-callbacks", 1)
    assert line["seconds"] >= 0


def test_a_failed_task_leaves_its_message_on_the_queue() -> None:
    with pytest.raises(Reject) as rejected:
        run(TaskOfCelery(), failing(ValueError(SECRET)))

    assert rejected.value.requeue is False


def test_a_task_without_database_waits_on_its_own_queue_however_often() -> None:
    task = TaskOfCelery(retries=1000)

    run(task, failing(DatabaseUnavailable()))

    (published,) = task.published
    assert published["queue"] == "ses-callbacks"
    assert published["delay_seconds"] == 30
    assert published["retries"] == 1001


def test_a_postponed_task_waits_in_the_broker_and_keeps_its_group() -> None:
    task = TaskOfCelery()

    run(task, failing(ValueError(SECRET)), patience=PATIENCE)

    (published,) = task.published
    assert published["queue"] == "retry-tasks"
    assert published["delay_seconds"] == 300
    assert published["MessageGroupId"] == "a-service"
    assert published["headers"]["notify_message_group_id"] == "a-service"
    assert "eta" not in published
    assert "countdown" not in published
    assert SECRET not in published["argsrepr"]


def test_patience_ends() -> None:
    task = TaskOfCelery(retries=5)

    with pytest.raises(Reject):
        run(task, failing(ValueError()), patience=PATIENCE)

    assert task.published == []


def test_a_task_that_cannot_be_postponed_leaves_its_message_on_the_queue() -> None:
    with pytest.raises(Reject):
        run(TaskOfCelery(broker_is_away=True), failing(DatabaseUnavailable()))


def test_what_makes_no_sense_is_dropped(log: list[Any]) -> None:
    run(TaskOfCelery(), failing(InvalidMessage(SECRET)))

    assert [line["log_level"] for line in log] == ["error"]


@pytest.mark.parametrize("error", [ValueError(SECRET), DatabaseUnavailable(SECRET), InvalidMessage(SECRET)])
@pytest.mark.parametrize("broker_is_away", [True, False])
def test_nothing_personal_gets_into_the_log(log: list[Any], error: Exception, broker_is_away: bool) -> None:
    told: list[object] = []
    try:
        run(TaskOfCelery(broker_is_away=broker_is_away), failing(error))
    except Reject as rejected:
        told.append(rejected)

    assert SECRET not in repr([*log, *told])


@pytest.mark.parametrize("delay", [timedelta(0), timedelta(seconds=901)])
def test_a_delay_that_the_broker_cannot_hold_is_refused(delay: timedelta) -> None:
    with pytest.raises(ValueError, match="at most 0:15:00"):
        Patience(delay=delay)


def test_a_process_assembles_its_platform_once_and_closes_it_at_its_end() -> None:
    made: list[SimpleNamespace] = []

    def assemble() -> Platform:
        made.append(SimpleNamespace(closed=0))
        made[-1].close = lambda one=made[-1]: setattr(one, "closed", one.closed + 1)
        return cast("Platform", made[-1])

    platform = PlatformOfProcess(assemble)
    platform.open()
    assert platform() is platform()
    platform.close()
    platform.close()

    assert [one.closed for one in made] == [1]
