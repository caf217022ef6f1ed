"""Connections: how they are opened, checked and pooled."""

from __future__ import annotations

import os
import select
import weakref
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import DisconnectionError

CONNECT_SECONDS = 5
_UNANSWERED_MS = 5000
_WAIT_FOR_CONNECTION_SECONDS = 30
_RENEW_AFTER_SECONDS = 300


def make_engine(url: str, *, pool_size: int, statement_timeout_ms: int, application_name: str) -> Engine:
    """Return an engine for `url` (postgresql+psycopg://...) with at most `pool_size` connections.

    Connects to nothing yet. Its connections are in autocommit mode and speak UTC; a statement that takes
    longer than `statement_timeout_ms` is cancelled (0: never). Safe to make before a fork.
    """
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_WAIT_FOR_CONNECTION_SECONDS,
        pool_recycle=_RENEW_AFTER_SECONDS,
        # The same few connections do the work, and so hold the prepared statements.
        pool_use_lifo=True,
        # Whoever takes a connection ends what they began; see database.py.
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
        # Parameters are people's addresses: they have no place in error messages.
        hide_parameters=True,
        use_native_hstore=False,
        connect_args={
            **connect_arguments(application_name),
            "options": _session_options(url, statement_timeout_ms),
            # Prepare a statement the second time it is used.
            "prepare_threshold": 1,
        },
    )
    event.listen(engine, "checkout", _refuse_dead_connection)
    _forget_connections_in_children(engine)
    return engine


def connect_arguments(application_name: str) -> dict[str, Any]:
    """Return libpq's parameters for noticing soon that a server does not answer."""
    return {
        "application_name": application_name,
        "connect_timeout": CONNECT_SECONDS,
        "tcp_user_timeout": _UNANSWERED_MS,
        "keepalives_idle": 30,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    }


def driver_url(url: str) -> str:
    """Return `url` as libpq and psycopg themselves read it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _session_options(url: str, statement_timeout_ms: int) -> str:
    """Return what each session is set to, after what the URL's own `options` say.

    Planning over a hundred partitions anew costs milliseconds each time; a generic plan is made once and
    chooses the partition when it runs.
    """
    own = make_url(url).query.get("options", "")
    ours = f"-c timezone=UTC -c statement_timeout={statement_timeout_ms} -c plan_cache_mode=force_generic_plan"
    return f"{own} {ours}".strip()


def _refuse_dead_connection(driver_connection: Any, _record: object, _proxy: object) -> None:
    """Have the pool replace a connection that its server has closed, before anybody stumbles over it.

    An idle connection has nothing to read, unless its server said goodbye. Asking the kernel costs a
    microsecond, where a ping costs a round trip.
    """
    if driver_connection.closed:
        raise DisconnectionError("closed")
    poll = select.poll()
    poll.register(driver_connection.fileno(), select.POLLIN)
    if poll.poll(0):
        raise DisconnectionError("closed by the server")


def _forget_connections_in_children(engine: Engine) -> None:
    """Let a forked child open its own connections, and leave its parent's alone."""
    reference = weakref.ref(engine)

    def forget() -> None:
        inherited = reference()
        if inherited is not None:
            inherited.dispose(close=False)

    os.register_at_fork(after_in_child=forget)
