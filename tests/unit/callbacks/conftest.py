"""A service that is called back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from notify_core.callbacks.manage import NewEndpoint
from notify_core.callbacks.model import CallbackKind, Endpoint
from tests.unit.conftest import Town

TOKEN = "a token of the service"
Listen = Callable[..., Endpoint]


@pytest.fixture
def listen(town: Town) -> Listen:
    def listen(url: str = "https://bins.example/notify", **more: Any) -> Endpoint:
        values: dict[str, Any] = {"kinds": frozenset(CallbackKind), "bearer_token": TOKEN.replace(" ", "-")} | more
        endpoint = town.platform.notify.add_endpoint(NewEndpoint(service_id=town.service.id, url=url, **values))
        town.platform.notify.directory.forget()
        return endpoint

    return listen
