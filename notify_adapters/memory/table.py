"""Rows by key, with an undo log: what a transaction needs to roll back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

_Key = TypeVar("_Key")
_Row = TypeVar("_Row")

Undo = Callable[[], object]


class Table(Generic[_Key, _Row]):
    """A mapping that writes down how to undo each change."""

    def __init__(self, undo_log: list[Undo]) -> None:
        self._rows: dict[_Key, _Row] = {}
        self._undo_log = undo_log

    def get(self, key: _Key) -> _Row | None:
        """Return the row, or None."""
        return self._rows.get(key)

    def put(self, key: _Key, row: _Row) -> None:
        """Store the row, over any of that key."""
        if key in self._rows:
            before = self._rows[key]
            self._undo_log.append(lambda: self._rows.__setitem__(key, before))
        else:
            self._undo_log.append(lambda: self._rows.pop(key, None))
        self._rows[key] = row

    def remove(self, key: _Key) -> _Row | None:
        """Remove and return the row, or None."""
        if key not in self._rows:
            return None
        row = self._rows.pop(key)
        self._undo_log.append(lambda: self._rows.__setitem__(key, row))
        return row

    def rows(self) -> Iterator[_Row]:
        """Iterate over the rows as they are now."""
        return iter(list(self._rows.values()))

    def items(self) -> Iterator[tuple[_Key, _Row]]:
        """Iterate over the rows as they are now, each with its key."""
        return iter(list(self._rows.items()))

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __len__(self) -> int:
        return len(self._rows)
