"""A service hears of its messages, with everything as it runs in production but the addresses."""

from __future__ import annotations

import base64
import hmac
import json
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from typing import Any

from notify_adapters.assembly import Role, assemble
from notify_cli.dev.system import DevSystem
from notify_core.callbacks.manage import NewEndpoint
from notify_core.callbacks.model import CallbackKind
from tests.integration.http_server import reply, serving
from tests.integration.system.conftest import client_for, service_of, template_of, wait_for


def test_a_service_is_called_back_about_its_texts(system: DevSystem) -> None:
    heard: list[tuple[dict[str, str], bytes]] = []

    def answer(request: BaseHTTPRequestHandler, body: bytes) -> None:
        heard.append((dict(request.headers), body))
        reply(request, 503 if len(heard) == 1 else 204)

    platform = assemble(system.parts.settings, Role.COMMAND)
    with serving(answer) as url:
        endpoint = platform.notify.add_endpoint(
            NewEndpoint(
                service_id=service_of(system)["id"],
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
    for headers, raw in heard:
        assert headers["Authorization"] == "Bearer a-long-token"
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + raw
        key = base64.b64decode(endpoint.secrets[0].removeprefix("whsec_"))
        signature = base64.b64encode(hmac.digest(key, signed, sha256)).decode()
        assert headers["webhook-signature"] == f"v1,{signature}"


def send(system: DevSystem, key: str) -> str:
    values = {"name": "Jo", "day": "Monday", "colour": "green"}
    client: Any = client_for(system, key)
    sent: dict[str, Any] = client.send_sms_notification("07700 900123", template_of(system), personalisation=values)
    return str(sent["id"])


def delivered(heard: list[tuple[dict[str, str], bytes]]) -> list[dict[str, Any]]:
    """Return what was told, each once: the first call was answered 503, and repeated."""
    answered = {headers["webhook-id"]: body for headers, body in heard[1:]}
    return [json.loads(body) for body in answered.values()]
