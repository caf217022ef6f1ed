"""The Celery application. `celery -A notify_worker.app` finds it as `app`, made from the environment."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from celery import Celery, signals

from notify_adapters.assembly import Platform, Role, assemble
from notify_adapters.settings import Settings, read_settings
from notify_core.errors import ConfigurationError
from notify_worker.beat import beat_schedule
from notify_worker.configuration import celery_settings
from notify_worker.logs import quieten_libraries
from notify_worker.running import PlatformOfProcess, Runner
from notify_worker.tasks import JOBS, Job

# What the whole `notify` command ends with when its settings will not do.
EXIT_CONFIGURATION = 3


def make_app(
    settings: Settings,
    assemble: Callable[[Settings, Role], Platform] = assemble,
    jobs: Iterable[Job] = JOBS,
) -> Celery:
    """Make the application that workers and beat run. Connects to nothing."""
    app = Celery("notify", set_as_current=False)
    app.conf.update(celery_settings(settings), beat_schedule=beat_schedule())
    platform = PlatformOfProcess(lambda: assemble(settings, Role.WORKER))
    for job in jobs:
        _register(app, Runner(job, platform))
    signals.setup_logging.connect(quieten_libraries, weak=False)
    signals.worker_ready.connect(lambda **_: _announce(settings.worker_ready_file), weak=False)
    signals.beat_init.connect(lambda **_: structlog.get_logger().info("beat ready"), weak=False)
    signals.worker_process_init.connect(platform.open, weak=False)
    # What is loaded by now stays for good: looking through it for garbage was an eighth of storing a file's rows.
    signals.worker_process_init.connect(lambda **_: gc.freeze(), weak=False)
    signals.worker_process_shutdown.connect(platform.close, weak=False)
    return app


def _announce(ready_file: str | None) -> None:
    """Let whoever waits for this worker know that it is at work."""
    structlog.get_logger().info("worker ready")
    if ready_file is not None:
        Path(ready_file).touch()


def _register(app: Celery, runner: Runner) -> None:
    def run(task: Any, *args: Any, **kwargs: Any) -> None:
        runner(task, args, kwargs)

    app.task(run, name=str(runner.job.name), bind=True, shared=False)


@cache
def _from_environment() -> Celery:
    try:
        return make_app(read_settings(os.environ))
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(EXIT_CONFIGURATION) from None


def __getattr__(name: str) -> Celery:
    if name == "app":
        return _from_environment()
    raise AttributeError(name)
