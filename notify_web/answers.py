"""The bytes of an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from litestar import Response

Answer = Response[bytes]

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def json_bytes(document: object) -> bytes:
    r"""Encode as clients are used to: compact, keys sorted, nothing but ASCII, a line feed at the end.

    >>> json_bytes({"b": [1, None], "a": "é"})
    b'{"a":"\\u00e9","b":[1,null]}\n'
    """
    return f"{_ENCODER.encode(document)}\n".encode("ascii")


def json_answer(document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer with a JSON document."""
    return json_text_answer(json_bytes(document), status, headers)


def json_text_answer(text: bytes, status: int, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer with a JSON document that is written already."""
    return Response(text, status_code=status, media_type="application/json", headers=dict(headers or {}))


def wire_time(moment: datetime) -> str:
    """Return a moment as it is written in answers: UTC, always six decimals.

    >>> wire_time(datetime(2026, 6, 5, 17, 0, 0, 5, tzinfo=UTC))
    '2026-06-05T17:00:00.000005Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
