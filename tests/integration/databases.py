"""Databases that come and go."""

from __future__ import annotations

import time
from typing import Any

import psycopg
from psycopg import errors, sql

_ATTEMPTS = 40
_PAUSE_SECONDS = 0.25


def drop_database(url: str, name: str) -> None:
    """Drop the database of that name, whoever is connected to it; `url` is another one of the same server.

    PostgreSQL's own vacuum may be at work there, which only a superuser may end: that is waited for.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(_ATTEMPTS):
            if _is_dropped(connection, name):
                return
            time.sleep(_PAUSE_SECONDS)
    raise AssertionError(f"{name} was in use for {_ATTEMPTS * _PAUSE_SECONDS:g} seconds")


def _is_dropped(connection: psycopg.Connection[Any], name: str) -> bool:
    try:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    except (errors.InsufficientPrivilege, errors.ObjectInUse):
        return False
    return True
