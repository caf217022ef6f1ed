"""Who is asking: a service, with one of its API keys."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from attrs import frozen

from notify_core.api_keys.model import ApiKey
from notify_core.directory import Directory
from notify_core.errors import AuthenticationFailed
from notify_core.services.model import Service
from notify_web.ports import HttpRequest, ports_of
from notify_web.tokens import Malformed, Token, Verdict, read_token
from notify_web.tracing import trace_of

_SCHEME = "Bearer "
_EXAMPLE = "https://docs.notifications.service.gov.uk/rest-api.html#authorisation-header"
GENERAL = f"Invalid token: make sure your API token matches the example at {_EXAMPLE}"


class Unauthenticated(AuthenticationFailed):
    """The request says nothing, or nothing readable, about who is asking."""

    code = "unauthenticated"


class Forbidden(AuthenticationFailed):
    """The request says who is asking, and that will not do."""

    code = "forbidden"


@frozen
class Caller:
    """The service that asks, and the key it asks with."""

    service: Service
    key: ApiKey


def authenticate(request: HttpRequest) -> Caller:
    """Establish who sent the request. Raises Unauthenticated or Forbidden."""
    ports = ports_of(request)
    caller = identify(request.headers.get("authorization"), ports.notify.directory, ports.clock())
    trace_of(request.scope).service_id = str(caller.service.id)
    return caller


def identify(authorization: str | None, directory: Directory, now: datetime) -> Caller:
    """Decide who that `Authorization` header belongs to.

    Raises Unauthenticated or Forbidden with the sentence for the first thing that is wrong.
    """
    token = token_from(authorization)
    service_id = _issuer(token)
    service = directory.service(service_id)
    if service is None:
        raise Forbidden("Invalid token: service not found")
    keys = [key for key in directory.api_keys(service_id) if key.known_at(now)]
    if not keys:
        raise Forbidden("Invalid token: service has no API keys")
    if not service.active:
        raise Forbidden("Invalid token: service is archived")
    if not token.uses_hs256:
        raise Forbidden("Invalid token: algorithm used is not HS256")
    return Caller(service, _matching(keys, token, now))


def token_from(authorization: str | None) -> Token:
    """Return the token in an `Authorization` header, which nobody has believed yet.

    Raises Unauthenticated or Forbidden with the sentence for the first thing that is wrong with the header.
    """
    if not authorization:
        raise Unauthenticated("Unauthorized: authentication token must be provided")
    if authorization[: len(_SCHEME)].title() != _SCHEME:
        raise Unauthenticated("Unauthorized: authentication bearer scheme must be used")
    try:
        return read_token(authorization[len(_SCHEME) :])
    except Malformed:
        raise Forbidden(GENERAL) from None


def _issuer(token: Token) -> UUID:
    if "iss" not in token.claims:
        raise Forbidden("Invalid token: iss field not provided")
    try:
        return UUID(token.claims["iss"])
    except (ValueError, TypeError, AttributeError):
        raise Forbidden("Invalid token: service id is not the right data type") from None


def _matching(keys: Iterable[ApiKey], token: Token, now: datetime) -> ApiKey:
    for key in keys:
        if not token.signed_with(key.secret):
            continue
        verdict = token.judge(now)
        if verdict is Verdict.WRONG_TIME:
            raise Forbidden("Error: Your system clock must be accurate to within 30 seconds")
        if verdict is Verdict.UNACCEPTABLE:
            raise Forbidden(GENERAL)
        if verdict is Verdict.NOT_OURS:
            continue
        if key.revoked:
            raise Forbidden("Invalid token: API key revoked")
        return key
    raise Forbidden("Invalid token: API key not found")
