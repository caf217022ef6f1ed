"""What is large and has to be kept for a while: compressed in memory, and unpacked a piece at a time."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from attrs import define, field

# The fastest: what people send in bulk says the same over and over, and shrinks to a sixth even so.
_LEVEL = 1
_PIECE = 64 * 1024


@define
class PackedBytes:
    """Bytes that are added piece by piece, and read as often as needed. `size` is how many they are, unpacked."""

    size: int = field(init=False, default=0)
    _compressor: Any = field(init=False, factory=lambda: zlib.compressobj(_LEVEL))
    _pieces: list[bytes] = field(init=False, factory=list, repr=False)

    @classmethod
    def of(cls, content: bytes) -> PackedBytes:
        """Pack bytes that are at hand already."""
        packed = cls()
        packed.add(content)
        return packed

    def add(self, piece: bytes) -> None:
        """Add bytes at the end. Not to be called any more once they are read."""
        self.size += len(piece)
        self._keep(self._compressor.compress(piece))

    def read(self, start: int = 0) -> Iterator[bytes]:
        """Yield the bytes from that place on, in pieces of at most 64 KiB."""
        if self._compressor is not None:
            self._keep(self._compressor.flush())
            self._compressor = None
        for piece in self._unpacked():
            if start < len(piece):
                yield piece[start:]
            start = max(0, start - len(piece))

    def _keep(self, compressed: bytes) -> None:
        if compressed:
            self._pieces.append(compressed)

    def _unpacked(self) -> Iterator[bytes]:
        decompressor = zlib.decompressobj()
        for compressed in self._pieces:
            rest = compressed
            # A few bytes may stand for megabytes of the same.
            while piece := decompressor.decompress(rest, _PIECE):
                yield piece
                rest = decompressor.unconsumed_tail


@define
class PackedRows:
    """Rows of plain values, as JSON knows them, in batches of so many; the last one may have fewer."""

    batch: int
    count: int = field(init=False, default=0)
    _open: list[Sequence[Any]] = field(init=False, factory=list, repr=False)
    _packed: list[bytes] = field(init=False, factory=list, repr=False)

    def __len__(self) -> int:
        """Return how many rows there are."""
        return self.count

    def add(self, row: Sequence[Any]) -> None:
        """Add a row. It comes back as a list."""
        self.count += 1
        self._open.append(row)
        if len(self._open) >= self.batch:
            self._packed.append(zlib.compress(json.dumps(self._open).encode(), _LEVEL))
            self._open = []

    def batches(self) -> Iterator[list[list[Any]]]:
        """Yield the rows, batch by batch, in the order in which they were added."""
        for packed in self._packed:
            yield json.loads(zlib.decompress(packed))
        if self._open:
            yield json.loads(json.dumps(self._open))

    def __iter__(self) -> Iterator[list[Any]]:
        """Yield the rows one by one."""
        for batch in self.batches():
            yield from batch
