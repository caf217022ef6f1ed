"""The routes, put together around whatever stands behind them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from notify_web import status, unsubscribe
from notify_web.documentation.routes import documentation_handlers
from notify_web.edge import Edge
from notify_web.errors import HANDLERS
from notify_web.express import Express
from notify_web.internal import contact_lists, jobs
from notify_web.options import options_handlers
from notify_web.ports import WebPorts
from notify_web.public import (
    bulk,
    cancelling,
    email,
    letters,
    notifications,
    received_texts,
    sms,
    templates,
    timeline,
)
from notify_web.webhooks import firetext, incoming_texts, mmg, ses

LARGEST_BODY = 1024 * 1024

PUBLIC: tuple[HTTPRouteHandler, ...] = (
    sms.send_sms,
    sms.try_sms,
    email.send_email,
    email.try_email,
    bulk.send_bulk,
    bulk.find_bulk,
    bulk.find_no_bulk,
    bulk.list_bulk_rows,
    bulk.cancel_bulk,
    letters.send_letter,
    letters.find_pdf,
    *letters.find_pdf_by_channel,
    notifications.list_notifications,
    notifications.find_notification,
    *notifications.find_by_channel,
    notifications.send_unknown,
    timeline.find_timeline,
    cancelling.cancel_notification,
    templates.show_template,
    templates.show_version,
    templates.show_templates,
    templates.preview_template,
    received_texts.list_received_texts,
)
# For the website for the teams. It is described in docs/api/internal.md, and not to the public.
INTERNAL: tuple[HTTPRouteHandler, ...] = (
    jobs.create_job,
    jobs.list_jobs,
    jobs.show_scheduled,
    jobs.find_job,
    jobs.list_messages,
    jobs.count_messages,
    jobs.cancel_job,
    jobs.report_job,
    contact_lists.add_contact_list,
    contact_lists.list_contact_lists,
    contact_lists.find_contact_list,
    contact_lists.remove_contact_list,
)
# What nearly everybody asks.
EXPRESS: tuple[HTTPRouteHandler, ...] = (
    sms.send_sms,
    email.send_email,
    notifications.find_notification,
    notifications.list_notifications,
)
WEBHOOKS: tuple[HTTPRouteHandler, ...] = (
    mmg.receive_mmg_receipt,
    firetext.receive_firetext_receipt,
    ses.receive_ses_event,
    incoming_texts.receive_mmg_text,
    incoming_texts.receive_firetext_text,
)
UNSUBSCRIBE: tuple[HTTPRouteHandler, ...] = (unsubscribe.unsubscribe,)
STATUS: tuple[HTTPRouteHandler, ...] = (status.show_root, status.show_status)
DESCRIBED: tuple[HTTPRouteHandler, ...] = (*PUBLIC, *UNSUBSCRIBE, *STATUS)


def build_app(ports: WebPorts, close: Callable[[], None] = lambda: None) -> ASGIApp:
    """Build the app around these ports; `close` is called once when it stops."""
    documentation = documentation_handlers(DESCRIBED, ports.options.public_url)
    handlers = (*PUBLIC, *INTERNAL, *WEBHOOKS, *UNSUBSCRIBE, *STATUS, *documentation)
    # In a router of their own, one handler for each path, and OPTIONS first: Litestar 2.25 wraps a handler in a
    # thread again whenever another method joins its path on the app, and makes an OPTIONS of its own.
    routes = Router("/", route_handlers=[*options_handlers(handlers), *handlers])
    app = Litestar(
        route_handlers=[routes],
        state=State({"ports": ports}),
        exception_handlers=HANDLERS,
        lifespan=[_lifespan(ports.options.threads, close)],
        request_max_body_size=LARGEST_BODY,
        openapi_config=None,
        logging_config=None,
    )
    words = frozenset(part for handler in handlers for path in handler.paths for part in path.split("/"))
    return Edge(Express(app, EXPRESS, LARGEST_BODY), words)


def _lifespan(threads: int, close: Callable[[], None]) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        """Give handlers as many threads as there are database connections for them; the surplus waits."""
        executor = ThreadPoolExecutor(threads, thread_name_prefix="web")
        asyncio.get_running_loop().set_default_executor(executor)
        try:
            yield
        finally:
            executor.shutdown()
            close()

    return lifespan
