"""One PostgreSQL for all tests that need one: started when the first asks, migrated, stopped at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from notify_adapters.embedded import EmbeddedPostgres, free_port
from notify_adapters.postgres.migrate import migrate


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """A running server, where tests may make databases of their own. Its database `notify` is empty.

    Not under pytest's own temporary directory: each run of pytest closes that to other accounts, and run by
    root the server has another account.
    """
    with (
        TemporaryDirectory(prefix="notify-tests-") as directory,
        EmbeddedPostgres(Path(directory) / "data", free_port(), durable=False) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres_server: EmbeddedPostgres) -> str:
    """The address of a migrated database that tests share: postgresql+psycopg://..."""
    url = postgres_server.url.replace("postgresql://", "postgresql+psycopg://")
    migrate(url)
    return url
