"""Who is asking: a program of the platform's own, which speaks for whoever is signed in to it.

Such a client is trusted with everything of every service. It proves itself as services do, with a token that is
signed and at most thirty seconds old; its name takes the place of the service, and it may have several secrets at
once, so that one can be replaced while the others are in use.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from notify_web.authentication import GENERAL, Forbidden, Unauthenticated, token_from
from notify_web.internal.refusals import Refused
from notify_web.ports import HttpRequest, ports_of
from notify_web.public.formats import read_uuid
from notify_web.tokens import Verdict
from notify_web.tracing import trace_of

#: The website for the teams.
ADMIN = "notify-admin"

_ACTING_FOR = "x-notify-user-id"


def admit_admin(request: HttpRequest, service_id: UUID) -> None:
    """Let the website's requests about a service pass. Raises Refused for everybody else's."""
    ports, trace = ports_of(request), trace_of(request.scope)
    try:
        identify_client(
            request.headers.get("authorization"), ADMIN, clients=ports.options.internal_clients, now=ports.clock()
        )
    except Unauthenticated as error:
        raise Refused(401, {"token": [str(error)]}) from None
    except Forbidden as error:
        raise Refused(403, {"token": [str(error)]}) from None
    # For whoever reads the logs. It decides nothing: the client has seen to it that this person may do this.
    person = read_uuid(request.headers.get(_ACTING_FOR))
    trace.service_id, trace.user_id = str(service_id), None if person is None else str(person)


def identify_client(
    authorization: str | None, expected: str, *, clients: Mapping[str, tuple[str, ...]], now: datetime
) -> None:
    """Return if that `Authorization` header is the expected client's.

    Raises Unauthenticated or Forbidden with the sentence for the first thing that is wrong. A client without secrets
    is nobody.
    """
    token = token_from(authorization)
    if "iss" not in token.claims:
        raise Forbidden("Invalid token: iss field not provided")
    if token.claims["iss"] != expected:
        raise Unauthenticated("Unauthorized: not allowed to perform this action")
    if not token.uses_hs256:
        raise Forbidden("Invalid token: algorithm used is not HS256")
    for secret in clients.get(expected, ()):
        if not token.signed_with(secret):
            continue
        verdict = token.judge(now)
        if verdict is Verdict.GOOD:
            return
        if verdict is Verdict.WRONG_TIME:
            raise Forbidden("Error: Your system clock must be accurate to within 30 seconds")
        if verdict is Verdict.UNACCEPTABLE:
            raise Forbidden(GENERAL)
    raise Forbidden("Invalid token: API key not found")
