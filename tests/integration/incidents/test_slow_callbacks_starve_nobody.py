"""Workers once held a database connection each while they waited for services' servers, until none was left."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from threading import Event, Semaphore

from sqlalchemy.pool import QueuePool

from notify_core.callbacks.model import CallbackState
from notify_core.outbox.model import Queue, Task
from tests.integration.http_server import reply, serving
from tests.integration.incidents.calling_back import calling_back

ENDPOINTS, EACH = 4, 25
SLOW_SECONDS = 4.0  # just within the five that a call waits


def test_a_hundred_slow_callbacks_with_five_connections_leave_other_work_unhindered(postgres_url: str) -> None:
    """Slow servers of a few services made sending and receiving stop for everybody.

    While a hundred calls wait for their answers no connection is out, and whatever else there is to do is done.
    """
    begun, others_done = Semaphore(0), Event()

    def answer(request: BaseHTTPRequestHandler, _: bytes) -> None:
        begun.release()
        others_done.wait(SLOW_SECONDS)
        reply(request, 200)

    with (
        serving(answer) as url,
        calling_back(postgres_url, pool_size=5, in_flight=ENDPOINTS * EACH) as platform,
        ThreadPoolExecutor(ENDPOINTS) as workers,
    ):
        endpoints = [platform.listen(f"{url}/{number}") for number in range(ENDPOINTS)]
        for _ in range(EACH):
            platform.text()
        platform.serve(Queue.SEND_SMS, Queue.RESEARCH_MODE, Queue.RETRY)
        assert len(platform.callbacks()) == ENDPOINTS * EACH

        calls = [workers.submit(platform.notify.perform, Task.SEND_CALLBACKS, [one.id]) for one in endpoints]
        for _ in range(ENDPOINTS * EACH):
            assert begun.acquire(timeout=20)
        pool = platform.engine.pool
        assert isinstance(pool, QueuePool)
        assert pool.checkedout() == 0
        for _ in range(10):
            platform.notify.find_notification(platform.service.id, platform.text())
        assert not any(call.done() for call in calls)
        assert pool.checkedout() == 0

        others_done.set()
        for call in calls:
            call.result(timeout=60)
        assert {one.state for one in platform.callbacks()} == {CallbackState.DELIVERED}
