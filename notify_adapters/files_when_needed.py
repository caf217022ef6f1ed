"""Files whose library is loaded when it is first needed: it is slow, and most processes never touch a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from attrs import define, field

from notify_core.files.ports import FileFacts, FileStore, StoredFile


@define
class FilesWhenNeeded:
    """Implements `FileStore` with the one that `open` returns, which is called once, when a file is first asked for.

    `open` may raise FilesUnavailable.
    """

    open: Callable[[], FileStore]
    _store: FileStore | None = field(default=None, init=False)

    def put(self, name: str, file: StoredFile) -> None:
        """Store the file. Raises FilesUnavailable."""
        self._reach().put(name, file)

    def get(self, name: str) -> StoredFile | None:
        """Return the file, or None. Raises FilesUnavailable."""
        return self._reach().get(name)

    def describe(self, name: str) -> FileFacts | None:
        """Return what is known of the file, or None. Raises FilesUnavailable."""
        return self._reach().describe(name)

    def read(self, name: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes [`start`, `end`) of the file in pieces. Raises FilesUnavailable."""
        return self._reach().read(name, start, end)

    def remove(self, name: str) -> None:
        """Remove the file, if it is there. Raises FilesUnavailable."""
        self._reach().remove(name)

    def remove_many(self, names: Sequence[str]) -> Sequence[str]:
        """Remove the files, and return the names of those that could not be removed. Raises FilesUnavailable."""
        return self._reach().remove_many(names)

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names that begin so. Raises FilesUnavailable."""
        return self._reach().names(prefix)

    def _reach(self) -> FileStore:
        if self._store is None:
            self._store = self.open()
        return self._store
