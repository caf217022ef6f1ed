"""The bytes of an answer."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from json.encoder import encode_basestring_ascii

import orjson
from litestar import Response

Answer = Response[bytes]

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)
_FAST = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS

_ENTRIES = 1000
# What orjson leaves as it is, and ASCII JSON does not.
_UNESCAPED = re.compile(r"[^\x00-\x7e]+")


def json_bytes(document: object) -> bytes:
    r"""Encode as clients are used to: compact, keys sorted, nothing but ASCII, a line feed at the end.

    These are the bytes of the standard library's encoder, several times as fast. Of floats that holds only where both
    write them without an exponent: 0, and from 0.0001 to below 1e15, far beyond what any message costs.

    >>> json_bytes({"b": [1, None], "a": "é"})
    b'{"a":"\\u00e9","b":[1,null]}\n'
    """
    try:
        encoded = orjson.dumps(document, option=_FAST)
    except TypeError:  # numbers of more than 64 bits, half characters, keys that are no texts
        return f"{_ENCODER.encode(document)}\n".encode("ascii")
    if encoded.isascii() and b"\x7f" not in encoded:
        return encoded + b"\n"
    return _UNESCAPED.sub(_escape, encoded.decode()).encode("ascii") + b"\n"


def json_bytes_with(document: Mapping[str, object], name: str, entries: Iterable[object]) -> bytes:
    r"""Encode a document whose property `name` is a long list, of which only some entries are in memory at once.

    >>> json_bytes_with({"a": 1, "z": 2}, "list", iter([{"n": 1}, {"n": 2}]))
    b'{"a":1,"list":[{"n":1},{"n":2}],"z":2}\n'
    """
    # A quotation mark within a text is escaped, so these bytes are in no value.
    empty = f'"{name}":['.encode()
    before, start, after = json_bytes({**document, name: []}).partition(empty)
    encoded = io.BytesIO()
    encoded.write(before + start)
    separator = b""
    remaining = iter(entries)
    while batch := list(islice(remaining, _ENTRIES)):
        encoded.write(separator + json_bytes(batch)[1:-2])
        separator = b","
    encoded.write(after)
    return encoded.getvalue()


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
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    day, time = (moment.year, moment.month, moment.day), (moment.hour, moment.minute, moment.second)
    # Lists write a thousand of these: `isoformat` takes half as long again, and an f-string nearly twice as long.
    return "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ" % (*day, *time, moment.microsecond)  # noqa: UP031 - see above
