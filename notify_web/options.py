"""Answer OPTIONS: which methods an address knows. Below /v2 only to those who may ask anything there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from litestar import HttpMethod, Response, route
from litestar.handlers import HTTPRouteHandler

from notify_web.answers import Answer
from notify_web.authentication import authenticate
from notify_web.errors import allowed
from notify_web.ports import HttpRequest


def methods_by_path(handlers: Iterable[HTTPRouteHandler]) -> Mapping[str, list[str]]:
    """Return which methods are served at each path."""
    methods: dict[str, list[str]] = defaultdict(lambda: [HttpMethod.OPTIONS.value])
    for handler in handlers:
        for path in handler.paths:
            methods[path].extend(method for method in handler.http_methods)
    return methods


def options_handlers(handlers: Iterable[HTTPRouteHandler]) -> list[HTTPRouteHandler]:
    """Return handlers of OPTIONS for the addresses of all these."""
    return [_options_handler(path, allowed(methods)) for path, methods in methods_by_path(handlers).items()]


def _options_handler(path: str, allow: str) -> HTTPRouteHandler:
    @route(path, http_method=HttpMethod.OPTIONS, sync_to_thread=True)
    def show_options(request: HttpRequest) -> Answer:
        if path.startswith("/v2/"):
            authenticate(request)
        return Response(b"", media_type="text/html", headers={"Allow": allow})

    return show_options
