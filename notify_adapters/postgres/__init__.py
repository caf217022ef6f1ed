"""PostgreSQL: where everything is kept.

    engine.py        connections: how they are opened, checked and pooled
    database.py      transactions, and the repositories that live in them
    session.py       runs a statement, and turns the driver's errors into the core's
    tables.py        every table of this version
    partitions.py    the months of `notifications`, the days of `notification_contents`
    retention.py     drops days; redating.py moves what there is to other days
    migrate.py       brings a database up to date; imported by who does so only, since it is large
    wake.py          wakes relays when the outbox has something for them
    ...              one module per repository

Statements are written as SQL, one constant each, so that what the server runs can be read, explained and
measured; the driver prepares each once per connection.
"""

from notify_adapters.postgres.database import PostgresDatabase
from notify_adapters.postgres.engine import make_engine
from notify_adapters.postgres.partitions import (
    PartitionFacts,
    ensure_partitions,
    ensure_partitions_now,
    list_partitions,
    rows_astray_now,
)
from notify_adapters.postgres.version import current_version
from notify_adapters.postgres.wake import OutboxBell, OutboxListener

__all__ = [
    "OutboxBell",
    "OutboxListener",
    "PartitionFacts",
    "PostgresDatabase",
    "current_version",
    "ensure_partitions",
    "ensure_partitions_now",
    "list_partitions",
    "make_engine",
    "rows_astray_now",
]
