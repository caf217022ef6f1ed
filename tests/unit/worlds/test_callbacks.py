"""Worlds say where services are called back."""

from __future__ import annotations

from typing import Any

import pytest

from notify_adapters.memory import MemoryPlatform
from notify_core.callbacks.model import CallbackKind, Endpoint
from notify_core.notifications.status import Status
from notify_core.worlds.applied import AppliedCallback, Change
from notify_core.worlds.read import InvalidWorld, read_world

URL = "https://bins.example/notify"


def world(**more: Any) -> dict[str, Any]:
    callback = {"url": URL, "bearer_token": "long-enough"} | more
    return {"services": [{"name": "Bins", "callbacks": [callback]}]}


def apply(platform: MemoryPlatform, **more: Any) -> AppliedCallback:
    applied = platform.notify.apply_world(read_world(world(**more)))
    assert applied.conflicts == ()
    return applied.services["Bins"].callbacks[URL]


def stored(platform: MemoryPlatform) -> Endpoint:
    [endpoint] = platform.notify.list_endpoints()
    return endpoint


def test_an_endpoint_is_made_once(platform: MemoryPlatform) -> None:
    first, second = apply(platform), apply(platform)
    assert (first.change, second.change) == (Change.CREATED, Change.UNCHANGED)
    endpoint = stored(platform)
    assert (endpoint.id, endpoint.url, endpoint.kinds) == (first.id, URL, frozenset(CallbackKind))
    assert second.signing_secret == endpoint.secrets[0]
    assert "long-enough" not in repr(first) + repr(endpoint)


def test_an_endpoint_is_changed_removed_and_brought_back(platform: MemoryPlatform) -> None:
    first = apply(platform)
    changed = apply(platform, bearer_token="another-one", kinds=["complaint"], statuses=["delivered"])
    assert (changed.change, changed.signing_secret) == (Change.CHANGED, first.signing_secret)
    assert stored(platform).bearer_token == "another-one"
    assert apply(platform, removed=True).change is Change.CHANGED
    assert apply(platform, removed=True).change is Change.UNCHANGED
    assert not stored(platform).active
    back = apply(platform, bearer_token="another-one", kinds=["complaint"])
    assert (back.id, back.active) == (first.id, True)
    assert stored(platform).statuses == frozenset({Status.DELIVERED}), "what is left out stays"


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"url": "ftp://bins.example"}, "callbacks.0.url: does not begin with https://"),
        ({"url": "http://bins.example"}, "callbacks.0.url: does not begin with https://"),
        ({"url": "https://10.0.0.1/"}, "callbacks.0.url: is an address inside a network"),
        ({"url": 7}, "callbacks.0.url: is a number"),
        ({"bearer_token": "short"}, "callbacks.0.bearer_token: has fewer than 10 characters"),
        ({"kinds": []}, "callbacks.0.kinds: is empty"),
        ({"kinds": ["gossip"]}, "callbacks.0.kinds.0: 'gossip' is not one of"),
        ({"statuses": ["sent"]}, "callbacks.0.statuses: sent is never told"),
        ({"channels": []}, "callbacks.0.channels: is empty"),
    ],
)
def test_what_will_not_do_is_said_with_its_place(wrong: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidWorld) as refused:
        read_world(world(**wrong))
    [said] = refused.value.problems
    assert said.startswith(f"services.0.{problem}")


def test_loopback_may_be_written_and_one_url_only_once() -> None:
    read_world(world(url="http://localhost:9000/notify"))
    document = world()
    document["services"][0]["callbacks"] *= 2
    with pytest.raises(InvalidWorld, match="is the same as that of"):
        read_world(document)
