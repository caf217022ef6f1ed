"""Every row of the table of checks of an internal client's token, in their order, with the exact answers."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from notify_core.vocabulary import KeyType
from notify_web import shell
from notify_web.options import methods_by_path
from tests.unit.web.conftest import Web, make_token
from tests.unit.web.internal.conftest import CLIENTS, OLDER_SECRET, SECRET, Website, refused

GENERAL = (
    "Invalid token: make sure your API token matches the example at "
    "https://docs.notifications.service.gov.uk/rest-api.html#authorisation-header"
)
CLOCK = "Error: Your system clock must be accurate to within 30 seconds"
NO_MATCH = "Invalid token: API key not found"
ALGORITHM = "Invalid token: algorithm used is not HS256"
NO_TOKEN = "Unauthorized: authentication token must be provided"
NO_BEARER = "Unauthorized: authentication bearer scheme must be used"
NOT_YOU = "Unauthorized: not allowed to perform this action"
NO_ISSUER = "Invalid token: iss field not provided"


def ask(website: Website, headers: dict[str, str]) -> tuple[int, str]:
    """Ask with these headers; return the answer's status, and its sentence if it is about the token."""
    reply = website.web.request("GET", f"{website.service}/contact-list", headers=headers)
    if reply.status == 200:
        return 200, ""
    status, message = refused(reply)
    [sentence] = message["token"]
    return status, sentence


def ask_with(website: Website, header: object = None, secret: str = SECRET, **claims: Any) -> tuple[int, str]:
    """Ask with a token of these claims beside right ones. A claim that is ... is left out."""
    right: dict[str, Any] = {"iss": "notify-admin", "iat": int(website.web.town.clock().timestamp())}
    chosen = {name: value for name, value in (right | claims).items() if value is not ...}
    return ask(website, {"authorization": f"Bearer {make_token(secret, chosen, header)}"})


def test_the_website_is_let_in_with_each_of_its_secrets(website: Website) -> None:
    assert ask_with(website) == (200, "")
    assert ask_with(website, secret=OLDER_SECRET) == (200, "")
    assert ask_with(website, secret=CLIENTS["notify-functional-tests"][0]) == (403, NO_MATCH)


@pytest.mark.parametrize(
    ("headers", "answer"),
    [
        ({}, (401, NO_TOKEN)),
        ({"authorization": "Basic dXNlcjpwYXNz"}, (401, NO_BEARER)),
        ({"authorization": "Bearer"}, (401, NO_BEARER)),
        ({"authorization": "Bearer x"}, (403, GENERAL)),
        ({"authorization": "Bearer a.b.c"}, (403, GENERAL)),
    ],
)
def test_what_is_no_token_is_refused(website: Website, headers: dict[str, str], answer: tuple[int, str]) -> None:
    assert ask(website, headers) == answer


def test_only_the_website_is_let_in(website: Website) -> None:
    assert ask_with(website, iss=...) == (403, NO_ISSUER)
    for other in ("notify-functional-tests", "Notify-Admin", str(website.web.town.service.id), None, 5, ["x"]):
        for secret in (SECRET, *CLIENTS["notify-functional-tests"]):
            assert ask_with(website, iss=other, secret=secret) == (401, NOT_YOU)
    key = website.web.town.keys[KeyType.NORMAL]
    assert ask_with(website, iss=str(key.service_id), secret=key.secret) == (401, NOT_YOU)


def test_a_token_is_held_to_algorithm_time_and_signature_in_that_order(website: Website) -> None:
    now = int(website.web.town.clock().timestamp())
    assert ask_with(website, header={"typ": "JWT", "alg": "HS512"}, iat=0) == (403, ALGORITHM)
    for made, answer in ((-31, (403, CLOCK)), (31, (403, CLOCK)), (-30, (200, "")), (30, (200, ""))):
        assert ask_with(website, iat=now + made) == answer
    assert ask_with(website, iat=...) == (403, NO_MATCH)
    assert ask_with(website, secret="guessed") == (403, NO_MATCH)
    assert ask_with(website, aud="somebody") == (403, GENERAL)


def test_a_client_without_secrets_is_nobody(website: Website) -> None:
    for clients in ({}, {"notify-admin": ()}):
        website.web.configure(internal_clients=clients)
        assert ask_with(website) == (403, NO_MATCH)
        assert ask_with(website, secret="") == (403, NO_MATCH)


def test_a_service_is_no_client_and_the_website_is_no_service(website: Website) -> None:
    path = f"{website.service}/contact-list"
    status, message = refused(website.web.get(path))
    assert (status, message) == (401, {"token": [NOT_YOU]})
    reply = website.web.request("GET", f"/v2/notifications/{uuid4()}", headers=website.signed())
    assert reply.problem == (403, "AuthError", "Invalid token: service id is not the right data type")


def test_every_address_asks_for_a_token(website: Website) -> None:
    asked = 0
    for path, methods in methods_by_path(shell.INTERNAL).items():
        filled = path
        for name in ("service_id", "job_id", "contact_list_id"):
            filled = filled.replace(f"{{{name}:str}}", str(uuid4()))
        for method in methods:
            if method == "OPTIONS":
                continue
            reply = website.web.request(method, filled)
            assert refused(reply) == (401, {"token": [NO_TOKEN]}), (method, path)
            asked += 1
    assert asked == sum(len(handler.paths) * len(handler.http_methods) for handler in shell.INTERNAL)


def test_an_address_of_no_service_is_not_there(website: Website) -> None:
    for path in ("/service/x/contact-list", f"/service/{uuid4()}/contact-list/x", f"/service/{uuid4().hex}/job"):
        reply = website.web.request("GET", path)
        assert refused(reply)[0] == 404
        assert "The requested URL was not found" in refused(reply)[1]


def test_a_secret_is_not_shown(web: Web) -> None:
    web.configure(internal_clients=CLIENTS)
    assert SECRET not in repr(web.options)


def test_whoever_it_asks_for_is_logged(website: Website, logs: list[dict[str, Any]]) -> None:
    person = str(uuid4())
    for given, logged in ((person.upper(), person), ("Jo <jo@example.com>", None)):
        logs.clear()
        headers = website.signed() | {"x-notify-user-id": given}
        website.web.request("GET", f"{website.service}/contact-list", headers=headers)
        [line] = logs
        assert line.get("user_id") == logged
        assert line["service_id"] == str(website.web.town.service.id)
