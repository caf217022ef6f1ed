"""A document with a long list in it is read as any other, but never as a whole."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_core import packing
from notify_core.packing import PackedBytes
from notify_web.public.documents import BadRequest, read_document
from notify_web.public.long_documents import LongList, read_long_document
from notify_web.public.schema import InvalidRequest

MIB = 1024 * 1024

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
documents = st.dictionaries(st.sampled_from(["a", "rows", "z", ""]), values | st.lists(values, max_size=6))


@pytest.fixture(params=[5, 64 * 1024])
def pieces(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let everything be cut in two somewhere, and nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "_PIECE", request.param)
        yield


def whole(body: bytes) -> object:
    """Return the document read piece by piece, with its list as a list."""
    document = read_long_document(PackedBytes.of(body), "rows")
    if isinstance(document, dict) and isinstance(document.get("rows"), LongList):
        rows = document["rows"]
        entries = list(rows)
        assert list(rows) == entries  # as often as it is wanted
        assert rows.length == len(entries)
        strangers = [(number, entry) for number, entry in enumerate(entries) if not isinstance(entry, dict)]
        assert rows.stranger == next(iter(strangers), None)
        return {**document, "rows": entries}
    return document


@pytest.mark.usefixtures("pieces")
@given(document=documents, indent=st.sampled_from([None, 1]), ascii_only=st.booleans())
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_it_is_read_as_any_other_document(
    document: dict[str, object], indent: int | None, ascii_only: bool, encoding: str
) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    body = text.encode(encoding)
    assert whole(body) == read_document(body)


@pytest.mark.usefixtures("pieces")
@given(document=documents, at=st.integers(0, 200), put=st.sampled_from(["", "x", ",", "]", "}", '"', "[", "1", " "]))
def test_it_is_refused_when_any_other_would_be(document: dict[str, object], at: int, put: str) -> None:
    text = json.dumps(document)
    body = (text[:at] + put + text[at + 1 :]).encode()
    try:
        expected = read_document(body)
    except BadRequest:
        with pytest.raises(BadRequest):
            whole(body)
        return
    assert whole(body) == expected


@pytest.mark.usefixtures("pieces")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b'{"rows": [',
        b'{"rows": [1,]}',
        b'{"rows": [1 2]}',
        b'{"rows": [1]} x',
        b'{"rows": [1], }',
        b"{5: 1}",
        b'{"rows" [1]}',
        b'{"rows": [{"a": "\\ud800"}]}',
        b'{"a": "\\ud800"}',
        b'{"rows": ["\xff"]}',
        b'{"rows": [' + b"[" * 199 + b"]" * 199 + b"]}",
        b'{"a": ' + b"[" * 200 + b"]" * 200 + b"}",
        b'{"rows": [' + b"[" * 100_000,
    ],
    ids=lambda body: repr(body[:30]),
)
def test_what_is_no_document_is_refused(body: bytes) -> None:
    for read in (read_document, whole):
        with pytest.raises(BadRequest):
            read(body)


@pytest.mark.usefixtures("pieces")
@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"[1, {}]",
        b"null",
        b"5",
        b'"rows"',
        b"{}",
        b' {"a": 1.25e+10, "b": -0.5} ',
        b'{"rows": {"a": [1]}}',
        b'{"rows": []}',
        b'{"rows": [12345, 1.5e-7, -1, 0.25]}',
        b'{"rows": [Infinity, -Infinity]}',
        b'{"rows": [{"a": "\\ud83d\\ude00"}], "a": 1, "a": 2}',
        b'{"rows": [' + b"[" * 198 + b"]" * 198 + b"]}",
        b'{"a": ' + b"[" * 199 + b"]" * 199 + b"}",
        b'{"rows": [{"a": "' + b"x" * 300_000 + b'"}]}',
    ],
    ids=lambda body: repr(body[:30]),
)
def test_what_is_unusual_is_read_all_the_same(body: bytes) -> None:
    assert whole(body) == read_document(body)


@pytest.mark.parametrize("rows", [(b"[1]", b"[2]"), (b"1", b"[2]"), (b"[1]", b"2")])
def test_of_two_lists_neither_is_taken(rows: tuple[bytes, bytes]) -> None:
    with pytest.raises(InvalidRequest, match=r"^rows is given twice: give it once$"):
        whole(b'{"rows": %b, "rows": %b}' % rows)


def test_memory_does_not_grow_with_the_list() -> None:
    entry = {"phone_number": "07700 900123", "personalisation": {"name": "Jo", "day": "Monday"}}
    packed = PackedBytes.of(json.dumps({"rows": [entry] * 50_000}).encode())
    tracemalloc.start()
    try:
        document = read_long_document(packed, "rows")
        assert sum(len(row) for row in document["rows"]) == 100_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert packed.size > 4 * MIB
    assert peak < MIB
