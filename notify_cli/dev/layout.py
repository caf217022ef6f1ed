"""The data directory of a development system."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import shutil
from pathlib import Path
from typing import IO, Any

from attrs import asdict, define, frozen

from notify_adapters.embedded.errors import EmbeddedPartError

# Raised when an older directory cannot be used any more. The database looks after its own version.
_LAYOUT_VERSION = 1


@frozen(kw_only=True)
class Secrets:
    """What the parts of one development system share. Made once for a data directory."""

    encryption_key: str
    admin_secret: str
    mmg_api_key: str
    firetext_api_key: str
    documents_api_key: str

    @classmethod
    def make(cls) -> Secrets:
        """Make new ones."""
        return cls(
            encryption_key=base64.b64encode(secrets.token_bytes(32)).decode(),
            admin_secret=secrets.token_urlsafe(32),
            mmg_api_key=secrets.token_urlsafe(16),
            firetext_api_key=secrets.token_urlsafe(16),
            documents_api_key=secrets.token_urlsafe(16),
        )


@define
class DataDirectory:
    """Where one development system keeps its state. Only one system at a time can use it."""

    path: Path
    _lock: IO[str] | None = None

    @property
    def logs(self) -> Path:
        """Where each part's log goes."""
        return self.path / "logs"

    @property
    def postgres(self) -> Path:
        """Where the database is."""
        return self.path / "postgres"

    @property
    def redis(self) -> Path:
        """Where Redis keeps what it keeps."""
        return self.path / "redis"

    @property
    def worker_ready(self) -> Path:
        """What the worker makes once it is at work."""
        return self.logs / "worker-ready"

    def open(self, *, fresh: bool) -> None:
        """Take the directory for ourselves, emptied if `fresh`.

        Raises EmbeddedPartError when another system uses it, or another version of this one made it.
        """
        self.path.mkdir(parents=True, exist_ok=True, mode=0o755)
        self._take_lock()
        if fresh:
            self._empty()
        self._check_version()
        if self.logs.exists():
            shutil.rmtree(self.logs)
        self.logs.mkdir()

    def close(self) -> None:
        """Let others use the directory."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def secrets(self) -> Secrets:
        """Return the directory's secrets, each made at its first use."""
        found = self.read("secrets.json") or {}
        complete = asdict(Secrets.make()) | found
        if complete != found:
            self.write("secrets.json", complete)
        return Secrets(**complete)

    def read(self, name: str) -> Any | None:
        """Return a JSON file's document, or None when there is no such file."""
        path = self.path / name
        return json.loads(path.read_text()) if path.exists() else None

    def write(self, name: str, document: object) -> None:
        """Write a JSON file that only we can read, whole or not at all."""
        path = self.path / name
        unfinished = path.with_suffix(".unfinished")
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(document, indent=2, default=str))
        unfinished.replace(path)

    def _take_lock(self) -> None:
        lock = (self.path / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise EmbeddedPartError(
                f"Another `notify dev` is using {self.path}. Stop it, or choose another --data-dir."
            ) from None
        os.set_inheritable(lock.fileno(), False)
        self._lock = lock

    def _empty(self) -> None:
        for entry in self.path.iterdir():
            if entry.name == "lock":
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def _check_version(self) -> None:
        found = self.read("version.json")
        if found is None:
            strangers = {entry.name for entry in self.path.iterdir()} - {"lock"}
            if strangers:
                raise EmbeddedPartError(
                    f"{self.path} is not empty and was not made by `notify dev`. Choose another --data-dir."
                )
            self.write("version.json", {"layout": _LAYOUT_VERSION})
        elif found.get("layout") != _LAYOUT_VERSION:
            raise EmbeddedPartError(
                f"{self.path} was made by another version of `notify dev` (layout {found.get('layout')}, "
                f"this one makes {_LAYOUT_VERSION}). Use --fresh to drop it, or choose another --data-dir."
            )
