"""What the use cases need of wherever files are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from attrs import Factory, frozen


class FilesUnavailable(Exception):
    """Files cannot be reached now."""


@frozen
class StoredFile:
    """A file's bytes and the short texts stored with it. Names of `metadata` are lower case."""

    content: bytes
    metadata: Mapping[str, str] = Factory(dict)


@frozen
class FileFacts:
    """What is known of a file without reading it: its `size` in bytes, and the short texts stored with it."""

    size: int
    metadata: Mapping[str, str] = Factory(dict)


class FileStore(Protocol):
    """Files by name, in one bucket. All methods may raise FilesUnavailable."""

    def put(self, name: str, file: StoredFile) -> None:
        """Store the file, over any of that name."""
        ...

    def get(self, name: str) -> StoredFile | None:
        """Return the file, or None when there is none of that name."""
        ...

    def describe(self, name: str) -> FileFacts | None:
        """Return what is known of the file, or None when there is none of that name."""
        ...

    def read(self, name: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes [`start`, `end`) of the file in pieces, to its end when `end` is None.

        Never more of it is held than one piece. Bounds beyond the file's end are its end; a file that is not there
        has no bytes.
        """
        ...

    def remove(self, name: str) -> None:
        """Remove the file. Does nothing when there is none of that name."""
        ...

    def remove_many(self, names: Sequence[str]) -> Sequence[str]:
        """Remove files, a thousand with one call, and return the names of those that could not be removed.

        A name of which there is no file counts as removed. Safe to repeat.
        """
        ...

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names that begin with `prefix`, in order, a thousand with one call."""
        ...
