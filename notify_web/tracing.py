"""The ids that follow a request through the logs, and go back to whoever sent it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Any, cast

from attrs import define
from litestar.types import HTTPScope

from notify_core.limits.standing import Standing

# In the order in which they are believed: our own callers', then those of the load balancers in front.
_TRACE_HEADERS = (b"x-b3-traceid", b"x-amz-cf-id", b"x-amzn-trace-id")
# Anybody can send these, and they end up in logs and answers: nothing that could break a line or fill a disk.
_KEY = "notify.trace"
_ACCEPTABLE = re.compile(rb"[A-Za-z0-9=;:_./+-]{1,128}")


@define
class Trace:
    """What is known of one request beside its content.

    `service_id` is filled in by authentication, `standing` where the request is held against limits, and `user_id`
    where a client of the internal API says for whom it asks.
    """

    trace_id: str
    span_id: str
    service_id: str | None = None
    standing: Standing | None = None
    user_id: str | None = None


def begin_trace(scope: HTTPScope) -> Trace:
    """Take the request's own ids where they are fit to be repeated, else make new ones; keep them with it."""
    trace = _trace(scope["headers"])
    cast("dict[str, Any]", scope)[_KEY] = trace
    return trace


def trace_of(scope: HTTPScope) -> Trace:
    """Return what was begun for this request."""
    return cast("Trace", cast("dict[str, Any]", scope)[_KEY])


def _trace(headers: Iterable[tuple[bytes, bytes]]) -> Trace:
    given = dict(headers)
    trace_id = next((found for name in _TRACE_HEADERS if (found := _acceptable(given.get(name)))), None)
    span_id = _acceptable(given.get(b"x-b3-spanid"))
    return Trace(trace_id or os.urandom(16).hex(), span_id or f"self-{os.urandom(8).hex()}")


def _acceptable(value: bytes | None) -> str | None:
    return value.decode("ascii") if value and _ACCEPTABLE.fullmatch(value) else None
