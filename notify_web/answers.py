"""The bytes of an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from json.encoder import encode_basestring_ascii
from typing import Any

import orjson
from litestar import Response

Answer = Response[bytes]

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)
_FAST = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS

# What orjson leaves as it is, and ASCII JSON does not.
_UNESCAPED = re.compile(r"[^\x00-\x7e]+")
_LEAVES = frozenset({str, int, bool, type(None)})
# Floats that are written without an exponent by both.
_SMALLEST, _LARGEST = 1e-4, 1e15


def json_bytes(document: object) -> bytes:
    r"""Encode as clients are used to: compact, keys sorted, nothing but ASCII, a line feed at the end.

    >>> json_bytes({"b": [1, None], "a": "é"})
    b'{"a":"\\u00e9","b":[1,null]}\n'
    """
    if _encoded_alike(document):
        try:
            encoded = orjson.dumps(document, option=_FAST)
        except TypeError:  # numbers of more than 64 bits, half characters, keys that are no texts
            pass
        else:
            if encoded.isascii() and b"\x7f" not in encoded:
                return encoded + b"\n"
            return _UNESCAPED.sub(_escape, encoded.decode()).encode("ascii") + b"\n"
    return f"{_ENCODER.encode(document)}\n".encode("ascii")


def _encoded_alike(document: Any) -> bool:
    """Whether all that the document holds is written alike by orjson and the standard library, but for escapes."""
    pending = [document]
    for value in pending:
        kind = type(value)
        if kind in _LEAVES or issubclass(kind, StrEnum):
            continue
        if kind is dict:
            pending.extend(value.values())
        elif kind is list or kind is tuple:
            pending.extend(value)
        elif kind is not float or not (value == 0 or _SMALLEST <= abs(value) < _LARGEST):
            return False
    return True


def _escape(match: re.Match[str]) -> str:
    return encode_basestring_ascii(match.group())[1:-1]


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
    # Python leaves decimals out where all are zero. Asking it for them takes half as long again, as does changing
    # what is UTC already.
    text = moment.isoformat()
    if not text.endswith("+00:00"):
        text = moment.astimezone(UTC).isoformat()
    return f"{text[:-6]}Z" if moment.microsecond else f"{text[:-6]}.000000Z"
