"""Hold requests to send against the limits, and tell in the answer's headers what is left of them.

The headers are those of the IETF's draft "RateLimit header fields for HTTP" (draft-ietf-httpapi-ratelimit-headers),
the version with one field for policies and one for what is left. `Retry-After` comes with the refusals themselves.
"""

from __future__ import annotations

from notify_core.limits.admit import Admission, Exhausted
from notify_core.limits.standing import Standing
from notify_core.vocabulary import Channel
from notify_web.authentication import Caller
from notify_web.ports import HttpRequest, ports_of
from notify_web.tracing import trace_of


def admit(request: HttpRequest, caller: Caller, channel: Channel, *, reserve: bool = True) -> Admission:
    """Ask whether the request may be looked at. From then on its answer, whatever it is, tells what is left.

    Arguments, answer and errors are those of the core's `Admit`.
    """
    trace = trace_of(request.scope)
    try:
        admission = ports_of(request).notify.admit(caller.service, caller.key, channel, reserve=reserve)
    except Exhausted as refused:
        trace.standing = refused.standing
        raise
    trace.standing = admission.standing
    return admission


def admit_request(request: HttpRequest, caller: Caller) -> Standing:
    """Ask whether a request may be looked at of which it is not known yet what it asks for. Otherwise as `admit`."""
    trace = trace_of(request.scope)
    try:
        trace.standing = ports_of(request).notify.admit.request(caller.service, caller.key)
    except Exhausted as refused:
        trace.standing = refused.standing
        raise
    return trace.standing


def headers_of(standing: Standing) -> list[tuple[bytes, bytes]]:
    """Return the headers that tell of limits, and of what is left of them. Limits that are off are left out."""
    quotas = standing.quotas()
    if not quotas:
        return []
    policy = ", ".join([f'"{quota.name}";q={quota.allowed};w={quota.window}' for quota in quotas])
    left = ", ".join([f'"{quota.name}";r={quota.left};t={quota.resets_in}' for quota in quotas])
    return [(b"ratelimit-policy", policy.encode("ascii")), (b"ratelimit", left.encode("ascii"))]
