"""Files in memory."""

from __future__ import annotations

from notify_core.files.ports import StoredFile


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

    def remove(self, name: str) -> None:
        """Remove the file, if it is there."""
        self._files.pop(name, None)
