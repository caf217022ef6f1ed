"""The archive's bucket, whose library is loaded when it is first needed: it is slow, and few processes archive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import IO

from attrs import define, field

from notify_core.archive.ports import ArchiveBucket


@define
class ArchiveBucketWhenNeeded:
    """Implements `ArchiveBucket` with the one that `open` returns, which is called once, when it is first needed."""

    open: Callable[[], ArchiveBucket]
    _bucket: ArchiveBucket | None = field(default=None, init=False)

    def upload(self, key: str, file: IO[bytes]) -> str:
        """Store the file, and return its fingerprint. Raises FilesUnavailable."""
        return self._reach().upload(key, file)

    def download(self, key: str, file: IO[bytes]) -> bool:
        """Write what is stored under that name to the empty file. Raises FilesUnavailable."""
        return self._reach().download(key, file)

    def fingerprint(self, key: str) -> str | None:
        """Return the fingerprint of what is stored under that name. Raises FilesUnavailable."""
        return self._reach().fingerprint(key)

    def mark_deleted(self, key: str, at: datetime) -> bool:
        """Tag the file as the only copy. Raises FilesUnavailable."""
        return self._reach().mark_deleted(key, at)

    def tags(self, key: str) -> Mapping[str, str] | None:
        """Return the file's tags. Raises FilesUnavailable."""
        return self._reach().tags(key)

    def _reach(self) -> ArchiveBucket:
        if self._bucket is None:
            self._bucket = self.open()
        return self._bucket
