"""Beat, as a process and as a publisher."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from celery.beat import Scheduler

from notify_adapters.settings import Settings
from notify_core.outbox.model import Queue
from notify_worker.app import make_app
from notify_worker.beat import SCHEDULE

if TYPE_CHECKING:
    from tests.integration.worker.conftest import Broker

ROOT = Path(__file__).resolve().parents[3]


def test_every_entry_gets_on_its_queue(broker: Broker) -> None:
    settings = Settings(
        environment="test",
        database_url="postgresql+psycopg://nowhere",
        encryption_keys={},
        sqs_endpoint_url=broker.url,
        queue_prefix=broker.prefix,
    )
    app = make_app(settings)
    scheduler = Scheduler(app=app)

    for entry in scheduler.schedule.values():
        scheduler.apply_entry(entry)

    waiting = sum(broker.waiting(queue)[0] for queue in Queue)
    app.close()
    assert waiting == len(SCHEDULE)


def test_beat_stops_when_told_and_leaves_no_files(broker: Broker, tmp_path: Path) -> None:
    environment = dict(os.environ) | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "NOTIFY_ENVIRONMENT": "test",
        "SQLALCHEMY_DATABASE_URI": "postgresql://nowhere/at_all",
        "NOTIFY_ENCRYPTION_KEYS": '{"k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}',
        "AWS_ENDPOINT_URL_SQS": broker.url,
    }
    command = [sys.executable, "-m", "notify_worker", "beat"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as beat:
        assert beat.stdout is not None
        assert any("beat ready" in line for line in beat.stdout)
        beat.send_signal(signal.SIGTERM)
        assert beat.wait(20) == 0

    assert list(tmp_path.iterdir()) == []
