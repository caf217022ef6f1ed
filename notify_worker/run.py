"""Start a worker, or beat, in this process."""

from __future__ import annotations

import warnings

from attrs import evolve
from celery import Celery
from celery.platforms import SecurityWarning

from notify_adapters.assembly import Role, assemble, prepare, queue_admin
from notify_adapters.settings import Settings
from notify_core.outbox.worker_types import EVERY_QUEUE, queues_for
from notify_worker.app import make_app
from notify_worker.start import require_queues

_LOG_LEVEL = "WARNING"


def run_worker(settings: Settings, worker_type: str = EVERY_QUEUE, concurrency: int | None = None) -> int:
    """Serve the queues of this type of worker until told to stop, and return the exit status.

    SIGTERM stops it in good order: running tasks are finished, and what was fetched but not begun goes back.
    Raises ConfigurationError when the settings will not do, or one of its queues.
    """
    queues = queues_for(worker_type)
    settings = evolve(settings, concurrency=concurrency or settings.concurrency)
    # Once here, so that whatever is wrong is said once and at once, and so that the children share what is loaded.
    assemble(settings, Role.WORKER).close()
    require_queues(queue_admin(settings), queues)
    return serve(make_app(settings), [queue.value for queue in queues])


def serve(app: Celery, queues: list[str]) -> int:
    """Serve these queues with this application until told to stop, and return the exit status."""
    # Celery warns root of pickle, which we do not accept. In a container on a laptop everybody is root.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    worker = app.Worker(
        queues=queues,
        pool_cls="prefork",
        loglevel=_LOG_LEVEL,
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


def run_beat(settings: Settings) -> int:
    """Put tasks on their queues when the schedule says so, until told to stop.

    There must be exactly one: a second one doubles everything. Keeps no state.
    """
    prepare(settings, Role.BEAT)
    make_app(settings).Beat(loglevel=_LOG_LEVEL, quiet=True).run()
    return 0
