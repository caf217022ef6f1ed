"""One whole development system, shared by the tests that only use it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from attrs import evolve
from notifications_python_client.notifications import NotificationsAPIClient

from notify_adapters.embedded import free_port
from notify_cli.dev.system import DevSystem
from notify_cli.worlds import load_world
from notify_core.worlds.model import World, WorldReceivedText

PAGE = 250
MANY = PAGE + 10
OF_MANY_PAGES = "Clients of many pages"


@pytest.fixture(scope="session")
def system() -> Iterator[DevSystem]:
    """Not under pytest's own directory, for the reason that `postgres_server` tells."""
    limited = {"API_RATE_LIMIT_ENABLED": "1"}
    with TemporaryDirectory(prefix="notify-tests-") as name:
        Path(name).chmod(0o755)
        with started(Path(name), environment=limited, wanted_world=clients_world()) as running:
            yield running


def clients_world() -> World:
    """Return the world that the official clients meet, with more received texts than fit on a page."""
    with Path(__file__).with_name("clients.yaml").open(encoding="utf-8") as file:
        world = load_world(file)
    texts = tuple(WorldReceivedText(sender="07700 900207", content=f"Text {number}") for number in range(MANY))
    return evolve(
        world,
        services=tuple(
            evolve(one, received_texts=texts) if one.name == OF_MANY_PAGES else one for one in world.services
        ),
    )


@pytest.fixture(scope="session")
def many_sent(system: DevSystem) -> list[str]:
    """The ids of all texts sent by the service of many pages: one page of them of reference "page", then "rest"."""
    template = template_of(system, service=OF_MANY_PAGES)

    def send(reference: str) -> str:
        client = client_for(system, "test", OF_MANY_PAGES)  # one each: it is for one thread alone
        return str(client.send_sms_notification("07700 900208", template, reference=reference)["id"])

    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(send, ["page"] * PAGE + ["rest"] * (MANY - PAGE)))


def service_of(system: DevSystem, name: str = "Clients") -> dict[str, Any]:
    """Return the ids and keys of one of the services in `clients.yaml`, as the ready file has them."""
    found: dict[str, Any] = system.world["world"]["services"][name]
    return found


def started(directory: Path, **more: Any) -> DevSystem:
    """Return a system that is not started yet, as a context manager."""
    environment = {"API_RATE_LIMIT_ENABLED": "0"} | more.pop("environment", {})
    return DevSystem(data_dir=directory / "data", port=free_port(), environment=environment, **more)


def template_of(system: DevSystem, name: str = "Bin day", service: str = "Clients") -> str:
    """Return the id of a template in `clients.yaml`."""
    return str(service_of(system, service)["templates"][name]["id"])


def client_of(system: DevSystem, key: str = "normal") -> Any:
    """Return the official Python client, which has no types, configured as its users do."""
    ready = system.ready_document()
    return client_with(ready["api_keys"][key], ready["base_url"])


def client_for(system: DevSystem, key: str = "live", service: str = "Clients") -> Any:
    """Return the official Python client with a key of one of the services in `clients.yaml`."""
    return client_with(service_of(system, service)["api_keys"][key]["api_key"], system.ready_document()["base_url"])


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
