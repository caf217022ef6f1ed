"""The bytes of answers: whoever encodes them, they are those of the standard library."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notify_core.vocabulary import Channel
from notify_web.answers import json_bytes, wire_time

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(min_value=1e-4, max_value=1e15, exclude_max=True)
    | st.floats(min_value=-1000, max_value=-1e-4)
    | st.text()
    | st.text(alphabet='\x7f\x80\x1f"\\/\u2028é😀\ud800a', max_size=5)
    | st.sampled_from(Channel)
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(), inner)
        | st.dictionaries(st.sampled_from(["b", "a", "é", "\uffff", "😀", "\x7f"]), inner)
        | st.tuples(inner, inner)
    ),
    max_leaves=20,
)


def by_the_standard_library(document: object) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode() + b"\n"


@given(DOCUMENTS)
@example({"c": 123456789012345678901234567890, "d": -0.0, "e": 999999999999999.9, "f": 1e-4, "g": 0.0})
@example({"half": "\ud83d", "whole": "\U0001f600", "delete": "\x7f", "line": "\u2028"})
@example({"z": {"y": 1, "x": [0.1, 0.0227, 1.0, 0.06810000000000001]}})
def test_answers_are_encoded_as_the_standard_library_does(document: Any) -> None:
    assert json_bytes(document) == by_the_standard_library(document)


@pytest.mark.parametrize("document", [{1: "a", 2: "b"}, {None: 1}, {True: [2**70]}])
def test_keys_that_are_no_texts_become_some(document: dict[Any, Any]) -> None:
    assert json_bytes(document) == by_the_standard_library(document)


def test_documents_may_be_deep() -> None:
    document: list[Any] = []
    for _ in range(500):
        document = [document]
    assert json_bytes(document) == by_the_standard_library(document)


@pytest.mark.parametrize("value", [{1, 2}, b"bytes", object(), datetime(2026, 1, 1, tzinfo=UTC)])
def test_what_json_does_not_know_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        json_bytes({"a": value})


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2026, 6, 5, 17, 0, 0, 5, tzinfo=UTC), "2026-06-05T17:00:00.000005Z"),
        (datetime(2026, 6, 5, 17, 0, tzinfo=UTC), "2026-06-05T17:00:00.000000Z"),
        (datetime(2026, 6, 5, 17, 0, 0, 120000, tzinfo=timezone(timedelta(hours=2))), "2026-06-05T15:00:00.120000Z"),
    ],
)
def test_times_always_have_six_decimals(moment: datetime, written: str) -> None:
    assert wire_time(moment) == written
