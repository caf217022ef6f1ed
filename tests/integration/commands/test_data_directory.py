"""The secrets of a development system: made once, and added to when a newer version needs more of them."""

from __future__ import annotations

from pathlib import Path

from notify_cli.dev.layout import DataDirectory


def test_secrets_are_made_once(tmp_path: Path) -> None:
    made = DataDirectory(tmp_path).secrets()
    assert DataDirectory(tmp_path).secrets() == made
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0


def test_a_secret_that_an_older_directory_lacks_is_added_for_good(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    before = directory.secrets()
    kept = directory.read("secrets.json") or {}
    del kept["documents_api_key"]
    directory.write("secrets.json", kept)
    after = directory.secrets()
    assert (after.encryption_key, after.mmg_api_key) == (before.encryption_key, before.mmg_api_key)
    assert after.documents_api_key not in {"", before.documents_api_key}
    assert directory.secrets() == after
