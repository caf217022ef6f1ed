"""Every row of the table of token checks, in their order, with the exact answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from notify_core.vocabulary import KeyType
from tests.unit.conftest import make_town
from tests.unit.web.conftest import Web, encode, make_token

UNKNOWN = "0b5d2a1c-6c3e-4f0d-9a51-4d3f6a6e2b10"
PATH = f"/v2/notifications/{UNKNOWN}"
GENERAL = (
    "Invalid token: make sure your API token matches the example at "
    "https://docs.notifications.service.gov.uk/rest-api.html#authorisation-header"
)
CLOCK = "Error: Your system clock must be accurate to within 30 seconds"
NO_MATCH = "Invalid token: API key not found"
ALGORITHM = "Invalid token: algorithm used is not HS256"
WRONG_TYPE = "Invalid token: service id is not the right data type"
NO_TOKEN = "Unauthorized: authentication token must be provided"
NO_BEARER = "Unauthorized: authentication bearer scheme must be used"


def ask(web: Web, authorization: str) -> tuple[int, str]:
    """Ask with that header; return the answer's status, and its sentence if it is about authentication."""
    reply = web.request("GET", PATH, headers={"authorization": authorization})
    status, name, message = reply.problem
    return (status, message) if name == "AuthError" else (status, "")


def ask_with_claims(
    web: Web, claims: dict[str, Any], header: object = None, secret: str | None = None
) -> tuple[int, str]:
    """Ask with a token of these claims beside right ones. A claim that is ... is left out."""
    right: dict[str, Any] = {"iss": str(web.town.service.id), "iat": int(web.town.clock().timestamp())}
    chosen = {name: value for name, value in (right | claims).items() if value is not ...}
    key = web.town.keys[KeyType.NORMAL]
    return ask(web, f"Bearer {make_token(secret or key.secret, chosen, header)}")


PASSES = (404, "")


def test_a_request_without_a_token_is_asked_for_one(web: Web) -> None:
    assert web.request("GET", PATH).problem == (401, "AuthError", NO_TOKEN)


@pytest.mark.parametrize(
    ("authorization", "answer"),
    [
        ("", (401, NO_TOKEN)),
        ("Basic dXNlcjpwYXNz", (401, NO_BEARER)),
        ("Bearer", (401, NO_BEARER)),
        ("Bearer\tx.y.z", (401, NO_BEARER)),
        (" Bearer x.y.z", (401, NO_BEARER)),
        ("Bearer ", (403, GENERAL)),
        ("bearer nonsense", (403, GENERAL)),
        ("Bearer a.b.c", (403, GENERAL)),
        ("Bearer \xe9\xe8", (403, GENERAL)),
        (f"Bearer {encode({'alg': 'HS256'}).decode()}.{encode([1]).decode()}.", (403, GENERAL)),
        (f"Bearer {encode([1]).decode()}.{encode({}).decode()}.", (403, GENERAL)),
        (f"Bearer {encode({'alg': 'HS256'}).decode()}.{'W1tb' * 30000}.", (403, GENERAL)),
    ],
)
def test_what_is_not_a_token_is_refused(web: Web, authorization: str, answer: tuple[int, str]) -> None:
    assert ask(web, authorization) == answer


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_the_scheme_may_be_written_in_any_case(web: Web, scheme: str) -> None:
    token = web.signed()["authorization"].removeprefix("Bearer ")
    assert ask(web, f"{scheme} {token}") == PASSES


@pytest.mark.parametrize(
    ("issuer", "message"),
    [
        (..., "Invalid token: iss field not provided"),
        (None, WRONG_TYPE),
        (5, WRONG_TYPE),
        (["x"], WRONG_TYPE),
        ("", WRONG_TYPE),
        ("notify-admin", WRONG_TYPE),
        (UNKNOWN, "Invalid token: service not found"),
        (f"{UNKNOWN}\n", WRONG_TYPE),
    ],
)
def test_the_issuer_must_be_a_service(web: Web, issuer: object, message: str) -> None:
    assert ask_with_claims(web, {"iss": issuer}) == (403, message)


@pytest.mark.parametrize("form", ["{}", "{{{}}}", "urn:uuid:{}"])
def test_the_issuer_may_be_written_in_any_form_of_uuid(web: Web, form: str) -> None:
    for text in (str(web.town.service.id), web.town.service.id.hex, str(web.town.service.id).upper()):
        assert ask_with_claims(web, {"iss": form.format(text)}) == PASSES


def test_a_service_without_keys_is_told_so(web: Web) -> None:
    for key in web.town.keys.values():
        web.town.platform.notify.revoke_api_key(key.id)
    web.town.clock.advance(timedelta(days=8))
    assert ask_with_claims(web, {}) == (403, "Invalid token: service has no API keys")


def test_an_archived_service_is_told_so_even_with_a_wrong_secret(web: Web) -> None:
    archived = evolve(web.town.service, active=False)
    with web.town.platform.database.begin() as work:
        work.services._table.put(archived.id, archived)
        work.commit()
    assert ask_with_claims(web, {}, secret="wrong") == (403, "Invalid token: service is archived")


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "hs256"},
        {"alg": "HS512"},
        {"alg": None},
        {"alg": ["HS256"]},
        {"typ": "JWT"},
    ],
)
@pytest.mark.parametrize("secret", [None, "wrong"])
def test_only_one_algorithm_will_do_whatever_the_signature(
    web: Web, header: dict[str, object], secret: str | None
) -> None:
    assert ask_with_claims(web, {}, header=header, secret=secret) == (403, ALGORITHM)


def test_the_type_in_the_header_does_not_matter(web: Web) -> None:
    assert ask_with_claims(web, {}, header={"alg": "HS256", "typ": 7}) == PASSES


@pytest.mark.parametrize("header", [{"kid": 5}, {"crit": ["x"]}, {"crit": 1}, {"b64": False}])
def test_odd_headers_are_refused_and_not_an_internal_error(web: Web, header: dict[str, object]) -> None:
    assert ask_with_claims(web, {}, header={"alg": "HS256", **header}) == (403, GENERAL)


NOW = 1795262400  # 2026-11-21 12:00 UTC, where the clock stands


@pytest.mark.parametrize(
    ("claims", "answer"),
    [
        ({"iat": NOW - 30}, PASSES),
        ({"iat": NOW + 30}, PASSES),
        ({"iat": NOW - 31}, (403, CLOCK)),
        ({"iat": NOW + 31}, (403, CLOCK)),
        ({"iat": float(NOW)}, PASSES),
        ({"iat": str(NOW)}, PASSES),
        ({"iat": "soon"}, (403, CLOCK)),
        ({"iat": True}, (403, CLOCK)),
        ({"iat": float("nan")}, (403, CLOCK)),
        ({"iat": float("inf")}, (403, GENERAL)),
        ({"iat": None}, (403, GENERAL)),
        ({"iat": [NOW]}, (403, GENERAL)),
        ({"iat": {}}, (403, GENERAL)),
        ({"iat": ...}, (403, NO_MATCH)),
        ({"nbf": NOW + 30}, PASSES),
        ({"nbf": NOW + 31}, (403, CLOCK)),
        ({"nbf": "soon"}, (403, NO_MATCH)),
        ({"nbf": None}, (403, GENERAL)),
        ({"exp": NOW - 29}, PASSES),
        ({"exp": NOW - 31}, (403, GENERAL)),
        ({"exp": "soon"}, (403, NO_MATCH)),
        ({"exp": None}, (403, GENERAL)),
        ({"aud": "notify"}, (403, GENERAL)),
        ({"sub": 5}, (403, GENERAL)),
        ({"jti": 5}, (403, GENERAL)),
        ({"sub": "me", "jti": "1", "anything": {"else": 1}}, PASSES),
        ({"iat": NOW - 31, "aud": "notify"}, (403, GENERAL)),
        ({"iat": NOW + 31, "aud": "notify"}, (403, CLOCK)),
        ({"iat": ..., "exp": NOW - 31}, (403, GENERAL)),
    ],
)
def test_claims_are_judged_in_order(web: Web, claims: dict[str, Any], answer: tuple[int, str]) -> None:
    assert ask_with_claims(web, claims) == answer


@pytest.mark.parametrize("claims", [{}, {"iat": 0}, {"aud": "x"}, {"iat": None}])
def test_claims_do_not_matter_while_no_key_matches(web: Web, claims: dict[str, Any]) -> None:
    assert ask_with_claims(web, claims, secret="wrong") == (403, NO_MATCH)


def test_two_spaces_after_the_scheme_make_another_token(web: Web) -> None:
    token = web.signed()["authorization"].removeprefix("Bearer ")
    assert ask(web, f"Bearer  {token}") == (403, NO_MATCH)


@pytest.mark.parametrize("kind", list(KeyType))
def test_every_key_of_the_service_is_tried(web: Web, kind: KeyType) -> None:
    assert web.get(PATH, kind).status == 404


def test_a_revoked_key_is_told_so_for_a_week_and_then_unknown(web: Web) -> None:
    web.town.platform.notify.revoke_api_key(web.town.keys[KeyType.NORMAL].id)
    web.town.clock.advance(timedelta(days=6))
    assert web.get(PATH).problem == (403, "AuthError", "Invalid token: API key revoked")
    web.town.clock.advance(timedelta(days=2))
    assert web.get(PATH).problem == (403, "AuthError", NO_MATCH)


def test_the_clock_is_judged_before_revocation(web: Web) -> None:
    web.town.platform.notify.revoke_api_key(web.town.keys[KeyType.NORMAL].id)
    assert ask_with_claims(web, {"iat": NOW - 31}) == (403, CLOCK)


def test_a_key_of_another_service_does_not_match(web: Web) -> None:
    other = make_town(web.town.platform, web.town.clock, name="Other")
    secret = other.keys[KeyType.NORMAL].secret
    assert ask_with_claims(web, {}, secret=secret) == (403, NO_MATCH)
