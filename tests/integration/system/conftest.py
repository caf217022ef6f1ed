"""One whole development system, shared by the tests that only use it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from notifications_python_client.notifications import NotificationsAPIClient

from notify_adapters.embedded import free_port
from notify_cli.dev.system import DevSystem


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevSystem]:
    with started(tmp_path_factory.mktemp("system")) as running:
        yield running


def started(directory: Path, **more: Any) -> DevSystem:
    """Return a system that is not started yet, as a context manager."""
    environment = {"API_RATE_LIMIT_ENABLED": "0"} | more.pop("environment", {})
    return DevSystem(data_dir=directory / "data", port=free_port(), environment=environment, **more)


def client_of(system: DevSystem, key: str = "normal") -> Any:
    """Return the official Python client, which has no types, configured as its users do."""
    ready = system.ready_document()
    return client_with(ready["api_keys"][key], ready["base_url"])


def client_with(api_key: str, base_url: str) -> Any:
    """Return the official Python client with this key."""
    make: Any = NotificationsAPIClient
    return make(api_key, base_url=base_url)


def wait_for(what: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something is true; fail when it is not in time."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
