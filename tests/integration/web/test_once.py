"""A thousand requests at once under one key, over sockets, to two processes on one database."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import psycopg
import pytest

from tests.integration.web.conftest import RunningWeb

ASKED = 1000


async def ask_at_once(web: RunningWeb, bodies: list[bytes], key: str) -> list[tuple[int, bytes]]:
    """Open a connection for each, and send them all only when all are open."""
    port = int(web.url.rsplit(":", 1)[1])
    connections = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in bodies))
    headers = {**web.signed(), "Host": "api", "Idempotency-Key": key, "Connection": "close"}
    for (_, writer), body in zip(connections, bodies, strict=True):
        lines = [f"{name}: {value}" for name, value in (headers | {"Content-Length": str(len(body))}).items()]
        writer.write("\r\n".join(["POST /v2/notifications/sms HTTP/1.1", *lines, "", ""]).encode() + body)
    answers = await asyncio.gather(*(reader.read() for reader, _ in connections))
    for _, writer in connections:
        writer.close()
    return [(int(answer[9:12]), answer.partition(b"\r\n\r\n")[2]) for answer in answers]


def body_of(web: RunningWeb, **more: object) -> bytes:
    document = {"phone_number": "07700900123", "template_id": str(web.sms.id), "personalisation": {"name": "Jo"}}
    return json.dumps(document | more).encode()


def stored(postgres_url: str, web: RunningWeb) -> tuple[int, int]:
    """Return how many messages the service has, and how many promises to deliver one."""
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        service = {"service_id": web.key.service_id}
        row = connection.execute(
            "SELECT (SELECT count(*) FROM notifications WHERE service_id = %(service_id)s),"
            " (SELECT count(*) FROM outbox WHERE group_id = %(service_id)s)",
            service,
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def test_a_thousand_make_one_message_and_hear_the_same(running_web: RunningWeb, postgres_url: str) -> None:
    messages, promises = stored(postgres_url, running_web)
    answers = asyncio.run(ask_at_once(running_web, [body_of(running_web)] * ASKED, "a thousand"))
    assert Counter(status for status, _ in answers) == {201: ASKED}
    assert len({body for _, body in answers}) == 1
    assert stored(postgres_url, running_web) == (messages + 1, promises + 1)


def test_of_two_requests_under_one_key_one_is_accepted(running_web: RunningWeb, postgres_url: str) -> None:
    messages, _ = stored(postgres_url, running_web)
    one, other = body_of(running_web), body_of(running_web, reference="other")
    answers = asyncio.run(ask_at_once(running_web, [one, other] * 50, "contested"))
    assert Counter(status for status, _ in answers) == {201: 50, 422: 50}
    assert len({body for status, body in answers if status == 201}) == 1
    assert stored(postgres_url, running_web)[0] == messages + 1


@pytest.mark.parametrize("key", ["caf\u00e9", "\u00ff" * 10])
def test_a_key_may_hold_anything_that_a_header_can(running_web: RunningWeb, key: str) -> None:
    headers = running_web.signed() | {"Idempotency-Key": key}
    answers = [running_web.ask("POST", "/v2/notifications/sms", body_of(running_web), headers) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].data == answers[1].data
