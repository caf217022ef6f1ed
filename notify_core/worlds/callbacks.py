"""Where a world's services are called back."""

from __future__ import annotations

from datetime import datetime

from attrs import evolve, frozen

from notify_core.api_keys.manage import NewSecret
from notify_core.callbacks.manage import NewEndpoint, endpoint_after, new_signing_secret
from notify_core.callbacks.model import Endpoint
from notify_core.identifiers import NewId
from notify_core.services.model import Service
from notify_core.unit_of_work import UnitOfWork
from notify_core.worlds.applied import AppliedCallback, Change
from notify_core.worlds.model import WorldCallback, WorldService


@frozen
class Endpoints:
    """One transaction's part of applying a world: endpoints, known by their URLs."""

    work: UnitOfWork
    new_id: NewId
    new_secret: NewSecret
    now: datetime

    def __call__(self, service: Service, wanted: WorldService) -> dict[str, AppliedCallback]:
        """Store the endpoints that are missing, and change those that differ. Those not mentioned stay."""
        stored = {one.url: one for one in self.work.callbacks.list_endpoints(service.id)} if wanted.callbacks else {}
        return {one.url: self._endpoint(service, one, stored.get(one.url)) for one in wanted.callbacks}

    def _endpoint(self, service: Service, wanted: WorldCallback, before: Endpoint | None) -> AppliedCallback:
        start = before or Endpoint(
            id=self.new_id(),
            service_id=service.id,
            url=wanted.url,
            bearer_token=wanted.bearer_token,
            secrets=(new_signing_secret(self.new_secret),),
            kinds=frozenset(wanted.kinds),
            created_at=self.now,
        )
        after = endpoint_after(start, wanted_endpoint(service, wanted, start))
        if wanted.removed:
            after = evolve(after, active=False)
        # How it has been lately is nothing that a file says.
        after = evolve(after, health=start.health if start.active else after.health)
        if after != before:
            self.work.callbacks.save_endpoint(after)
        if wanted.removed and start.active:
            self.work.callbacks.switch_off(after.id)
        change = Change.CREATED if before is None else Change.UNCHANGED if after == before else Change.CHANGED
        return AppliedCallback(id=after.id, change=change, active=after.active, signing_secret=after.secrets[0])


def wanted_endpoint(service: Service, wanted: WorldCallback, start: Endpoint) -> NewEndpoint:
    """Return what the file wants an endpoint to be; filters that it leaves out stay."""
    return NewEndpoint(
        service_id=service.id,
        url=wanted.url,
        bearer_token=wanted.bearer_token,
        kinds=frozenset(wanted.kinds),
        statuses=start.statuses if wanted.statuses is None else frozenset(wanted.statuses),
        channels=start.channels if wanted.channels is None else frozenset(wanted.channels),
    )
