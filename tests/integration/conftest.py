"""One PostgreSQL for all tests that need one: started when the first asks, migrated, stopped at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from notify_adapters.embedded import EmbeddedPostgres, free_port
from notify_adapters.postgres import migrate


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A running server, where tests may make databases of their own. Its database `notify` is empty."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres") / "data", free_port(), durable=False)
    with server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres_server: EmbeddedPostgres) -> str:
    """The address of a migrated database that tests share: postgresql+psycopg://..."""
    url = postgres_server.url.replace("postgresql://", "postgresql+psycopg://")
    migrate(url)
    return url
