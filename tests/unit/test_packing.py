"""What is large is kept small, and comes back as it was."""

from __future__ import annotations

import random
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_core.packing import PackedBytes, PackedRows

MIB = 1024 * 1024

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(pieces=st.lists(st.binary(max_size=100), max_size=20), start=st.integers(0, 300))
def test_bytes_come_back_from_any_place_on_as_often_as_wanted(pieces: list[bytes], start: int) -> None:
    packed = PackedBytes()
    for piece in pieces:
        packed.add(piece)
    whole = b"".join(pieces)
    assert packed.size == len(whole)
    assert [b"".join(packed.read(start)), b"".join(packed.read())] == [whole[start:], whole]


def test_what_cannot_be_made_smaller_comes_back_too() -> None:
    whole = random.Random(1).randbytes(300_000)
    packed = PackedBytes.of(whole)
    assert b"".join(packed.read(1000)) == whole[1000:]


def test_a_few_bytes_that_stand_for_many_are_unpacked_a_piece_at_a_time() -> None:
    packed = PackedBytes()
    for _ in range(32):
        packed.add(b" " * MIB)
    tracemalloc.start()
    try:
        assert sum(map(len, packed.read())) == 32 * MIB
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MIB


@given(rows=st.lists(st.tuples(values, values), max_size=10))
def test_rows_come_back_in_order_and_in_batches(rows: list[tuple[object, object]]) -> None:
    packed = PackedRows(3)
    for row in rows:
        packed.add(row)
    expected = [list(row) for row in rows]
    assert (len(packed), list(packed), list(packed)) == (len(rows), expected, expected)
    assert [len(batch) for batch in packed.batches()] == [len(rows[at : at + 3]) for at in range(0, len(rows), 3)]


@pytest.mark.parametrize("count", [0, 3, 4])
def test_there_are_as_many_batches_as_are_needed(count: int) -> None:
    packed = PackedRows(3)
    for number in range(count):
        packed.add([number])
    assert len(list(packed.batches())) == {0: 0, 3: 1, 4: 2}[count]
