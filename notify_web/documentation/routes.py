"""Where the description is found: `/openapi.json` for programs, `/docs` for people. Neither needs a token."""

from __future__ import annotations

import json
from functools import cached_property

from attrs import define
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from notify_web.answers import Answer
from notify_web.documentation import page
from notify_web.documentation.openapi import Document, describe
from notify_web.documentation.operation import Operation, Returns
from notify_web.public import shapes

_GROUP = "Platform"


@define(slots=False)
class Description:
    """Both forms of the description, each made when somebody first asks for it."""

    server: str
    handlers: tuple[HTTPRouteHandler, ...] = ()

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


def documentation_handlers(
    handlers: tuple[HTTPRouteHandler, ...], server: str | None
) -> tuple[HTTPRouteHandler, ...]:
    """Return handlers that show the description of `handlers` and their own.

    `server` is the API's own address, if it is known.
    """
    description = Description(server or "/")

    @get(
        "/openapi.json",
        sync_to_thread=True,
        described=Operation(
            "Get this description as OpenAPI",
            "Shows what this page shows, as OpenAPI 3.1, for programs. Needs no token.",
            answers={200: Returns("The description.", shapes.OpenApi, {"openapi": "3.1.0"})},
            group=_GROUP,
        ),
    )
    def show_openapi() -> Answer:
        return Response(description.as_json, media_type="application/json")

    @get(
        "/docs",
        sync_to_thread=True,
        described=Operation(
            "Get this description as a page",
            "Shows the description for people: one page, complete in itself. Needs no token.",
            answers={200: Returns("The page.", str, "<!doctype html>…", media_type="text/html")},
            group=_GROUP,
        ),
    )
    def show_page() -> Answer:
        headers = {"Content-Security-Policy": page.security_policy()}
        return Response(description.as_page, media_type="text/html", headers=headers)

    shown: tuple[HTTPRouteHandler, ...] = (show_openapi, show_page)
    description.handlers = (*handlers, *shown)
    return shown
