"""A service's server was away for a day, and what happened meanwhile was lost on it."""

from __future__ import annotations

import json
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

from notify_core.callbacks.model import CallbackState
from tests.integration.http_server import reply, serving
from tests.integration.incidents.calling_back import calling_back


def test_after_a_day_without_its_server_a_service_has_heard_everything(postgres_url: str) -> None:
    """Five calls 300 s apart were all that was tried once: an outage of half an hour lost callbacks for good.

    All of them must arrive once the server is back, each once, and nobody may have hammered it meanwhile.
    """
    state = {"up": False, "refused": 0}
    heard: list[str] = []

    def answer(request: BaseHTTPRequestHandler, body: bytes) -> None:
        if state["up"]:
            heard.append(json.loads(body)["id"])
        else:
            state["refused"] += 1
        reply(request, 204 if state["up"] else 503)

    with serving(answer) as url, calling_back(postgres_url) as platform:
        endpoint = platform.listen(url)
        sent = []
        for _ in range(24):
            sent += [str(platform.text()) for _ in range(3)]
            for _ in range(4):
                platform.serve()
                platform.clock.advance(timedelta(minutes=15))
        assert heard == []
        assert {one.state for one in platform.callbacks()} == {CallbackState.WAITING}
        # Five before the first pause, six while pauses grew, then one in each quarter of an hour.
        assert 90 <= state["refused"] <= 5 + 6 + 96

        state["up"] = True
        platform.clock.advance(timedelta(minutes=15))
        platform.serve()
        waiting = platform.callbacks(states=frozenset({CallbackState.WAITING}))
        assert len(heard) == len(sent) - len(waiting) > 0
        # Those that were probed last have their own wait, of six hours at most.
        for _ in range(7):
            platform.clock.advance(timedelta(hours=1))
            platform.serve()

        assert sorted(heard) == sorted(sent)
        assert {one.state for one in platform.callbacks()} == {CallbackState.DELIVERED}
        [listed] = platform.notify.list_endpoints(platform.service.id)
        assert listed == endpoint
