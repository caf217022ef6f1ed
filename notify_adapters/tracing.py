"""Passing a request's ids on to the platform's other services, so that their logs can be found from ours."""

from __future__ import annotations

import os

from structlog.contextvars import get_contextvars


def trace_headers() -> dict[str, str]:
    """Return the headers of a call made on behalf of the current request; none outside of one.

    The call is a span of its own, below the request's.
    """
    known = get_contextvars()
    if "trace_id" not in known:
        return {}
    headers = {"X-B3-TraceId": str(known["trace_id"]), "X-B3-SpanId": os.urandom(8).hex()}
    return headers | ({"X-B3-ParentSpanId": str(known["span_id"])} if "span_id" in known else {})
