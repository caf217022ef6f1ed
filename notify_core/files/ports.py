"""What the use cases need of wherever files are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from attrs import Factory, frozen


class FilesUnavailable(Exception):
    """Files cannot be reached now."""


@frozen
class StoredFile:
    """A file's bytes and the short texts stored with it. Names of `metadata` are lower case."""

    content: bytes
    metadata: Mapping[str, str] = Factory(dict)


class FileStore(Protocol):
    """Files by name, in one bucket. All methods may raise FilesUnavailable."""

    def put(self, name: str, file: StoredFile) -> None:
        """Store the file, over any of that name."""
        ...

    def get(self, name: str) -> StoredFile | None:
        """Return the file, or None when there is none of that name."""
        ...

    def remove(self, name: str) -> None:
        """Remove the file. Does nothing when there is none of that name."""
        ...
