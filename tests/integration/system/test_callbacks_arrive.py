"""A service hears of its messages, with everything as it runs in production but the addresses."""

from __future__ import annotations

import base64
import hmac
import json
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from itertools import chain, repeat
from typing import Any

from attrs import frozen

from notify_adapters.assembly import Role, assemble
from notify_cli.dev.system import DevSystem
from notify_core.callbacks.manage import NewEndpoint
from notify_core.callbacks.model import CallbackKind
from tests.integration.http_server import reply, serving
from tests.integration.system.conftest import client_for, service_of, template_of, wait_for

# None but these tests use it: what a service wants is remembered for two seconds once one of its messages has ended.
SERVICE = "Clients that are called back"


@frozen
class Heard:
    headers: dict[str, str]
    body: bytes
    taken: bool


def test_a_service_is_called_back_about_its_texts(system: DevSystem) -> None:
    heard: list[Heard] = []
    answers = chain([503], repeat(204))  # whoever calls first; they come at the same time

    def answer(request: BaseHTTPRequestHandler, body: bytes) -> None:
        status = next(answers)
        heard.append(Heard(dict(request.headers), body, taken=status == 204))
        reply(request, status)

    platform = assemble(system.parts.settings, Role.COMMAND)
    with serving(answer) as url:
        endpoint = platform.notify.add_endpoint(
            NewEndpoint(
                service_id=service_of(system, SERVICE)["id"],
                url=f"{url}/notify",
                bearer_token="a-long-token",
                kinds=frozenset({CallbackKind.DELIVERY_STATUS}),
            )
        )
        try:
            sent = [send(system, key) for key in ("live", "test")]
            wait_for(lambda: len(delivered(heard)) >= len(sent), 60)
        finally:
            platform.notify.remove_endpoint(endpoint.id)
            platform.close()

    told = delivered(heard)
    assert sorted(body["id"] for body in told) == sorted(sent)
    assert {body["status"] for body in told} == {"delivered"}
    assert [one.taken for one in heard].count(False) == 1
    for one in heard:
        assert one.headers["Authorization"] == "Bearer a-long-token"
        signed = f"{one.headers['webhook-id']}.{one.headers['webhook-timestamp']}.".encode() + one.body
        key = base64.b64decode(endpoint.secrets[0].removeprefix("whsec_"))
        signature = base64.b64encode(hmac.digest(key, signed, sha256)).decode()
        assert one.headers["webhook-signature"] == f"v1,{signature}"


def send(system: DevSystem, key: str) -> str:
    client: Any = client_for(system, key, SERVICE)
    sent: dict[str, Any] = client.send_sms_notification("07700 900123", template_of(system, service=SERVICE))
    return str(sent["id"])


def delivered(heard: list[Heard]) -> list[dict[str, Any]]:
    """Return what was told and taken, each once: what was answered 503 is repeated."""
    return [json.loads(body) for body in {one.headers["webhook-id"]: one.body for one in heard if one.taken}.values()]
