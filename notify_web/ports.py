"""What the web shell needs of the rest: use cases, and what an operator decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, cast

from attrs import Factory, field, frozen
from litestar import Request

from notify_core.application import Notify
from notify_core.clock import Clock
from notify_core.providers.ports import EventInbox
from notify_core.vocabulary import ProviderName

Credentials = tuple[str, str]
HttpRequest = Request[Any, Any, Any]


class Health(Protocol):
    """Knows how the database is."""

    def database_version(self) -> str | None:
        """Return the version of the schema, or None when there is none. Raises DatabaseUnavailable."""
        ...


@frozen(kw_only=True)
class WebOptions:
    """What an operator decides about the web shell.

    `public_url` is the root of links in answers; without it they are made from each request's own. Receipts of
    a provider with `receipt_credentials` (user, password) must carry them; whoever
    brings texts must carry one of its `inbound_credentials`. `threads` use cases run at once. `internal_clients` are
    the secrets of each client of the internal API, any one of which will do.
    """

    public_url: str | None = None
    receipt_credentials: Mapping[ProviderName, Credentials] = Factory(dict)
    inbound_credentials: Mapping[ProviderName, tuple[Credentials, ...]] = Factory(dict)
    internal_clients: Mapping[str, tuple[str, ...]] = field(default=Factory(dict), repr=False)
    threads: int = 8
    git_commit: str | None = None
    build_time: str | None = None


@frozen(kw_only=True)
class WebPorts:
    """Everything behind the web shell. `clock` judges the age of tokens; it is the use cases' own."""

    notify: Notify
    events: EventInbox
    health: Health
    clock: Clock
    options: WebOptions = Factory(WebOptions)


def ports_of(request: HttpRequest) -> WebPorts:
    """Return what stands behind the app that received this request."""
    return cast("WebPorts", request.app.state.ports)


def root_url(request: HttpRequest) -> str:
    """Return the root that links in the answer begin with, without a slash at its end."""
    configured = ports_of(request).options.public_url
    if configured is not None:
        return configured
    return f"{request.scope['scheme']}://{request.headers.get('host', 'localhost')}"
