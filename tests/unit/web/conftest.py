"""The web shell around a platform in memory, called in process: no sockets."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, cast

import pytest
import structlog
from attrs import define, evolve, field, frozen
from litestar.types import ASGIApp
from structlog.testing import LogCapture

from notify_adapters.memory import FixedClock, SequentialIds, in_memory
from notify_core.api_keys.model import ApiKey
from notify_core.application import Options
from notify_core.providers.ses_events import InvalidEvent, UntrustedEvent
from notify_core.unit_of_work import DatabaseUnavailable
from notify_core.vocabulary import KeyType
from notify_web import edge, errors
from notify_web.ports import WebOptions, WebPorts
from notify_web.shell import build_app
from tests.unit.conftest import Town, make_town
from tests.unit.web.described import is_as_described

HOST = "api.notify.example"
ROOT = f"https://{HOST}"


@frozen
class Reply:
    """An answer as it went over the wire."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name.lower()), None)

    @property
    def messages(self) -> list[str]:
        """The sentences of a v2 error."""
        return [error["message"] for error in self.json["errors"]]

    @property
    def problem(self) -> tuple[int, str, str]:
        """Status, class name and sentence of a v2 error that has one of each."""
        [error] = self.json["errors"]
        assert self.json["status_code"] == self.status
        return self.status, error["error"], error["message"]


@define
class FakeHealth:
    """Implements the web's `Health`. `failure` is raised when there is one."""

    version: str | None = "0001"
    failure: Exception | None = None

    def database_version(self) -> str | None:
        if self.failure is not None:
            raise self.failure
        return self.version


class FakeInbox:
    """Implements `EventInbox`: trusts what says `trusted`, and takes `subscribe` for a request to subscribe."""

    def open(self, body: bytes) -> str | None:
        try:
            document = json.loads(body)
        except ValueError:
            raise InvalidEvent("SES callback failed: invalid json") from None
        if document.get("Type") == "SubscriptionConfirmation":
            return None
        if not document.get("trusted"):
            raise UntrustedEvent("the signature is wrong")
        return str(document["Message"])


@define
class Web:
    """A client of the web shell, which knows the secrets of the town's service."""

    town: Town
    runner: asyncio.Runner
    health: FakeHealth = field(factory=FakeHealth)
    options: WebOptions = field(factory=WebOptions)
    _app: ASGIApp | None = None

    @property
    def app(self) -> ASGIApp:
        if self._app is None:
            self._app = build_app(
                WebPorts(
                    notify=self.town.platform.notify,
                    events=FakeInbox(),
                    health=self.health,
                    clock=self.town.clock,
                    options=self.options,
                )
            )
        return self._app

    def configure(self, **changes: Any) -> None:
        """Build the shell anew, with other options."""
        self.options = evolve(self.options, **changes)
        self._app = None

    def request(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Reply:
        """Send a request without a token. Whatever the test is about, the answer must be as described."""
        reply = self.runner.run(call(self.app, method, path, body, {"host": HOST, **(headers or {})}))
        is_as_described(method, path, reply.status, [name for name, _ in reply.headers], reply.body)
        return reply

    def get(self, path: str, key: KeyType = KeyType.NORMAL, method: str = "GET") -> Reply:
        """Send a request with a token."""
        return self.request(method, path, headers=self.signed(key))

    def post(self, path: str, document: object, key: KeyType = KeyType.NORMAL) -> Reply:
        """Send a document, or bytes as they are, with a token."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return self.request("POST", path, body, self.signed(key))

    def signed(self, key: KeyType = KeyType.NORMAL) -> dict[str, str]:
        return {"authorization": f"Bearer {good_token(self.town.keys[key], self.town.clock())}"}

    def sms(self, **changes: object) -> dict[str, object]:
        """Return the body of a text that is accepted, changed. Values that are ... are left out."""
        body: dict[str, object] = {
            "phone_number": "07700 900123",
            "template_id": str(self.town.sms.id),
            "personalisation": {"name": "Jo"},
        } | changes
        return {name: value for name, value in body.items() if value is not ...}

    def email(self, **changes: object) -> dict[str, object]:
        """Return the body of an email that is accepted, changed. Values that are ... are left out."""
        body: dict[str, object] = {
            "email_address": "jo@example.com",
            "template_id": str(self.town.email.id),
            "personalisation": {"name": "Jo"},
        } | changes
        return {name: value for name, value in body.items() if value is not ...}

    def break_database(self, monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> None:
        """Let every use of the database fail from now on."""

        def fail(*_: object) -> None:
            raise error or DatabaseUnavailable("at 10.0.0.1:5432")

        monkeypatch.setattr(type(self.town.platform.database), "statement", fail)
        monkeypatch.setattr(type(self.town.platform.database), "begin", fail)


def limited(web: Web, *, rate_limit_enabled: bool = True, **changes: Any) -> Web:
    """Return a client of a service with such limits, on a platform that minds them."""
    clock = FixedClock(web.town.clock.now)
    options = Options(email_domain="notify.example", sms_sender="NOTIFY", rate_limit_enabled=rate_limit_enabled)
    platform = in_memory(clock=clock, new_id=SequentialIds(clock), options=options)
    return Web(make_town(platform, clock, **changes), web.runner)


async def call(app: ASGIApp, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    bare, _, query = path.partition("?")
    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": bare,
        "raw_path": bare.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("192.0.2.1", 50000),
        "server": ("192.0.2.2", 443),
    }
    sent: list[Any] = []
    bodies = [body]
    answered = asyncio.Event()

    async def receive() -> Any:
        if bodies:
            return {"type": "http.request", "body": bodies.pop(), "more_body": False}
        await answered.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            answered.set()

    await app(scope, receive, send)
    start, rest = sent[0], sent[1:]
    headers_back = [(name.decode(), value.decode()) for name, value in start["headers"]]
    return Reply(start["status"], headers_back, b"".join(message.get("body", b"") for message in rest))


def encode(part: object) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")


def make_token(secret: str, claims: object, header: object = None) -> str:
    """Make a token by hand, so that anything can be wrong with it."""
    signing_input = encode(header or {"typ": "JWT", "alg": "HS256"}) + b"." + encode(claims)
    signature = hmac.new(secret.encode(), signing_input, hashlib.sha256).digest()
    return (signing_input + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def good_token(key: ApiKey, now: datetime) -> str:
    return make_token(key.secret, {"iss": str(key.service_id), "iat": int(now.timestamp())})


@pytest.fixture(scope="session")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the web shell logs, from the lowest level on, however other tests have configured logging."""
    capture = LogCapture()
    logger = structlog.wrap_logger(
        None, processors=[capture], wrapper_class=structlog.make_filtering_bound_logger("debug")
    )
    for module in (edge, errors):
        monkeypatch.setattr(module, "_log", logger)
    return cast("list[dict[str, Any]]", capture.entries)


@pytest.fixture
def web(town: Town, runner: asyncio.Runner) -> Web:
    return Web(town, runner)
