"""The web shell as the website for the teams asks it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from attrs import frozen

from notify_core.users.model import NOTIFY_USER_ID
from tests.unit.web.conftest import Reply, Web, make_token

SECRET, OLDER_SECRET = "the website's secret", "an older secret"
CLIENTS = {"notify-admin": (SECRET, OLDER_SECRET), "notify-functional-tests": ("another secret",)}
USER = str(NOTIFY_USER_ID)


@frozen
class Website:
    """A client of the internal API, which asks about the town's service."""

    web: Web

    @property
    def service(self) -> str:
        """The address of the service."""
        return f"/service/{self.web.town.service.id}"

    def signed(self) -> dict[str, str]:
        claims = {"iss": "notify-admin", "iat": int(self.web.town.clock().timestamp())}
        return {"authorization": f"Bearer {make_token(SECRET, claims)}"}

    def get(self, path: str, method: str = "GET") -> Reply:
        """Ask for an address below the service's."""
        return self.web.request(method, f"{self.service}{path}", headers=self.signed())

    def post(self, path: str, document: object = b"") -> Reply:
        """Post a document, or bytes as they are, to an address below the service's."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        headers = self.signed() | {"content-type": "application/json"}
        return self.web.request("POST", f"{self.service}{path}", body, headers)

    def delete(self, path: str) -> Reply:
        """Delete what has an address below the service's."""
        return self.get(path, "DELETE")


def refused(reply: Reply) -> tuple[int, Any]:
    """Return an error's status and its message, which may be an object."""
    assert reply.json["result"] == "error"
    return reply.status, reply.json["message"]


@pytest.fixture
def website(web: Web) -> Website:
    web.configure(internal_clients=CLIENTS)
    return Website(web)
