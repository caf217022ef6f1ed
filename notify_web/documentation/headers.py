"""What the headers of answers hold, each told once and referred to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Fragment = dict[str, Any]

LIMITS = ("RateLimit", "RateLimit-Policy")

# Whoever adds a header to an answer is asked to say what it holds.
HEADERS: Mapping[str, Fragment] = {
    "Allow": {
        "description": "The methods that the address knows.",
        "required": True,
        "schema": {"type": "string"},
        "example": "GET, HEAD, OPTIONS",
    },
    "Idempotent-Replayed": {
        "description": "`true` when this is the answer to an earlier request with the same `Idempotency-Key`.",
        "schema": {"enum": ["true"]},
        "example": "true",
    },
    "RateLimit": {
        "description": "What is left of each limit: `r` requests or messages, and `t` seconds until it is whole "
        "again. Left out when the request was not held against the limits.",
        "schema": {"type": "string"},
        "example": '"minute";r=998;t=1, "day";r=249417;t=40213',
    },
    "RateLimit-Policy": {
        "description": "The limits: `q` requests a minute or messages a day, in `w` seconds.",
        "schema": {"type": "string"},
        "example": '"minute";q=3000;w=60, "day";q=250000;w=86400',
    },
    "Retry-After": {
        "description": "Seconds after which to try again.",
        "schema": {"type": "integer"},
        "example": 5,
    },
}


def references(names: Iterable[str]) -> Fragment:
    """Return an answer's headers of those names, in alphabetical order."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in sorted(names)}
