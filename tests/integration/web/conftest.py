"""The web shell as production runs it: granian, its own processes, a real database."""

from __future__ import annotations

import base64
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jwt
import pytest
import urllib3
from attrs import frozen

from notify_adapters.assembly import Role, assemble
from notify_adapters.embedded import Child, ChildCommand, free_port
from notify_adapters.settings import read_settings
from notify_cli.commands.serve import web_arguments
from notify_core.api_keys.model import ApiKey
from notify_core.services.create import NewService
from notify_core.templates.model import Template
from notify_core.templates.write import NewTemplate
from notify_core.vocabulary import Channel

ENCRYPTION_KEYS = {"test": bytes(range(32))}


@frozen(kw_only=True)
class RunningWeb:
    """A running server, and somebody who may use it."""

    url: str
    child: Child
    key: ApiKey
    sms: Template
    email: Template

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None, seconds: float = 3
    ) -> urllib3.BaseHTTPResponse:
        headers = headers or self.signed()
        return urllib3.request(method, self.url + path, body=body, headers=headers, retries=False, timeout=seconds)

    def signed(self) -> dict[str, str]:
        claims = {"iss": str(self.key.service_id), "iat": int(time.time())}
        return {"Authorization": f"Bearer {jwt.encode(claims, self.key.secret, 'HS256')}"}


@pytest.fixture(scope="module")
def running_web(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWeb]:
    with started(postgres_url, tmp_path_factory.mktemp("web")) as web:
        yield web


@contextmanager
def started(
    postgres_url: str, directory: Path, *, redis_url: str | None = None, **wanted: Any
) -> Iterator[RunningWeb]:
    """Run two processes for a service made as `wanted` says. Without Redis each counts its limits for itself."""
    port = free_port()
    variables = variables_of(postgres_url)
    if redis_url is not None:
        variables["REDIS_URL"] = redis_url
    platform = assemble(read_settings(variables), Role.COMMAND)
    try:
        service = platform.notify.create_service(NewService(name=f"Web {port}", **wanted))
        make = platform.notify.create_template
        key = platform.notify.create_api_key(service.id, "key")
        sms = make(NewTemplate(service_id=service.id, name="S", channel=Channel.SMS, content="Hi ((name))"))
        email = make(
            NewTemplate(
                service_id=service.id,
                name="E",
                channel=Channel.EMAIL,
                subject="Hi",
                content="Hi ((name))",
                has_unsubscribe_link=True,
            )
        )
    finally:
        platform.close()
    with web_child(port, variables, directory) as child:
        web = RunningWeb(url=f"http://127.0.0.1:{port}", child=child, key=key, sms=sms, email=email)
        child.wait_until(lambda: _answers(web), timeout=30)
        yield web


def variables_of(postgres_url: str) -> dict[str, str]:
    """Return the settings of a web process, as its environment has them."""
    return {
        "NOTIFY_ENVIRONMENT": "test",
        "SQLALCHEMY_DATABASE_URI": postgres_url,
        "NOTIFY_ENCRYPTION_KEYS": json.dumps(
            {name: base64.b64encode(key).decode() for name, key in ENCRYPTION_KEYS.items()}
        ),
        "API_HOST_NAME": "https://api.notify.example",
        "NOTIFY_LOG_LEVEL": "INFO",
    }


def web_child(port: int, variables: Mapping[str, str], directory: Path) -> Child:
    """Return two web processes with one above them, to be started."""
    command = ChildCommand(
        name="web",
        argv=(sys.executable, *web_arguments("127.0.0.1", port, 2)),
        environment={**os.environ, **variables, "PYTHONUNBUFFERED": "1"},
    )
    return Child(command, directory / "web.log")


def _answers(web: RunningWeb) -> bool:
    try:
        return web.ask("GET", "/_status?simple=1").status == 200
    except urllib3.exceptions.HTTPError:
        return False
