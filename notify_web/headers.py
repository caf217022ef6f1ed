"""The headers that every answer carries, whatever became of the request."""

from __future__ import annotations

from notify_web.tracing import Trace

EVERYWHERE: tuple[tuple[bytes, bytes], ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-headers", b"Content-Type,Authorization"),
    (b"access-control-allow-methods", b"GET,PUT,POST,DELETE"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"x-permitted-cross-domain-policies", b"none"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains; preload"),
    (b"cache-control", b"no-store, no-cache, private, must-revalidate"),
)


def for_answer(trace: Trace) -> list[tuple[bytes, bytes]]:
    """Return the headers to append to an answer."""
    return [
        *EVERYWHERE,
        (b"x-b3-traceid", trace.trace_id.encode("ascii")),
        (b"x-b3-spanid", trace.span_id.encode("ascii")),
    ]
