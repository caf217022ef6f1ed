"""Where the description is found: `/openapi.json` for programs, `/docs` for people. Neither needs a token."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cached_property

from attrs import define
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from notify_web.answers import Answer
from notify_web.documentation import page
from notify_web.documentation.openapi import Document, describe


@define(slots=False)
class Description:
    """Both forms of the description, each made when somebody first asks for it."""

    handlers: tuple[HTTPRouteHandler, ...]
    server: str

    @cached_property
    def document(self) -> Document:
        """The OpenAPI document."""
        return describe(self.handlers, self.server)

    @cached_property
    def as_json(self) -> bytes:
        """The document's bytes."""
        return json.dumps(self.document, ensure_ascii=False).encode()

    @cached_property
    def as_page(self) -> bytes:
        """The page's bytes."""
        return page.render(self.document).encode()


def documentation_handlers(handlers: Iterable[HTTPRouteHandler], server: str | None) -> list[HTTPRouteHandler]:
    """Return handlers that show the description of `handlers`. `server` is the API's own address, if it is known."""
    description = Description(tuple(handlers), server or "/")

    @get("/openapi.json", sync_to_thread=True)
    def show_openapi() -> Answer:
        return Response(description.as_json, media_type="application/json")

    @get("/docs", sync_to_thread=True)
    def show_page() -> Answer:
        headers = {"Content-Security-Policy": page.security_policy()}
        return Response(description.as_page, media_type="text/html", headers=headers)

    return [show_openapi, show_page]
