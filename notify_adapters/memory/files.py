"""Files in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from notify_core.files.ports import FileFacts, StoredFile

PIECE = 64 * 1024


class MemoryFiles:
    """Implements `FileStore`."""

    def __init__(self) -> None:
        self._files: dict[str, StoredFile] = {}

    def put(self, name: str, file: StoredFile) -> None:
        """Store the file."""
        self._files[name] = StoredFile(file.content, dict(file.metadata))

    def get(self, name: str) -> StoredFile | None:
        """Return the file, or None."""
        return self._files.get(name)

    def describe(self, name: str) -> FileFacts | None:
        """Return what is known of the file, or None."""
        file = self._files.get(name)
        return None if file is None else FileFacts(len(file.content), file.metadata)

    def read(self, name: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes [`start`, `end`) of the file in pieces."""
        file = self._files.get(name)
        content = b"" if file is None else file.content[start:end]
        for place in range(0, len(content), PIECE):
            yield content[place : place + PIECE]

    def remove(self, name: str) -> None:
        """Remove the file, if it is there."""
        self._files.pop(name, None)

    def remove_many(self, names: Sequence[str]) -> list[str]:
        """Remove the files that are there; all can be removed."""
        for name in names:
            self.remove(name)
        return []

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names that begin so."""
        yield from sorted(name for name in self._files if name.startswith(prefix))
