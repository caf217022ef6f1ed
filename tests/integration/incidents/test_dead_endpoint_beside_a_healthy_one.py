"""One service's dead server burnt the time of all callback workers, five seconds for each message."""

from __future__ import annotations

import json
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

from notify_core.callbacks.model import CallbackState
from notify_core.outbox.model import Queue
from tests.integration.http_server import reply, saying_nothing, serving
from tests.integration.incidents.calling_back import calling_back

EVERYTHING_ELSE = tuple(queue for queue in Queue if queue is not Queue.SERVICE_CALLBACKS_RETRY)


def test_a_dead_endpoint_beside_a_healthy_one_delays_it_once_and_then_never(postgres_url: str) -> None:
    """Once it is known to be dead, only its own queue waits for it, and after five failures hardly that."""
    heard: list[str] = []

    def answer(request: BaseHTTPRequestHandler, body: bytes) -> None:
        heard.append(json.loads(body)["id"])
        reply(request, 200)

    with saying_nothing() as dead, serving(answer) as url, calling_back(postgres_url) as platform:
        silent = platform.listen(f"http://{dead.address}/")
        healthy = platform.listen(url)

        first = platform.text()
        platform.serve(*EVERYTHING_ELSE)
        assert heard == [str(first)]
        assert dead.calls() == 1

        platform.notify.directory.forget()
        sent = [platform.text() for _ in range(20)]
        platform.serve(*EVERYTHING_ELSE)
        assert dead.calls() == 1, "nobody has waited for the dead one"
        assert sorted(heard[1:]) == sorted(map(str, sent))

        platform.clock.advance(timedelta(seconds=5))
        platform.serve()
        paused, _ = platform.notify.list_endpoints(platform.service.id)
        assert paused.health.is_paused(platform.clock.now)
        until_it_was_paused = dead.calls()
        assert until_it_was_paused > 1
        for _ in range(10):
            platform.text()
        platform.serve()
        assert dead.calls() == until_it_was_paused, "a paused endpoint is not called at all"
        assert len(heard) == 31

        for_silent = platform.callbacks(endpoint_id=silent.id)
        assert [one.state for one in for_silent] == [CallbackState.WAITING] * 31
        assert {one.state for one in platform.callbacks(endpoint_id=healthy.id)} == {CallbackState.DELIVERED}
