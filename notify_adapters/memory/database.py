"""A database in memory: one transaction at a time, all or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from uuid import UUID

from notify_adapters.memory.accounts import (
    MemoryApiKeys,
    MemoryProviders,
    MemoryServices,
    MemoryTemplates,
    MemoryUsers,
)
from notify_adapters.memory.answers import MemoryAnswers
from notify_adapters.memory.archive import MemoryFactArchive
from notify_adapters.memory.billing import MemoryBilling
from notify_adapters.memory.bulk import ApartTable, MemoryBulk
from notify_adapters.memory.callbacks import Attempts, MemoryCallbacks
from notify_adapters.memory.contact_lists import MemoryContactLists
from notify_adapters.memory.inbound import MemoryInbound
from notify_adapters.memory.jobs import MemoryJobs
from notify_adapters.memory.notifications import MemoryNotifications, MemoryReceipts
from notify_adapters.memory.outbox import MemoryOutbox
from notify_adapters.memory.redating import MemoryRedating
from notify_adapters.memory.retention import MemoryRetention, Shelves
from notify_adapters.memory.sms_statistics import MemorySmsStatistics
from notify_adapters.memory.statistics import MemoryStatistics
from notify_adapters.memory.table import Table, Undo
from notify_adapters.memory.timelines import Events, MemoryTimelines
from notify_adapters.memory.unsubscribe import MemoryUnsubscribeRequests
from notify_core.callbacks.model import Callback
from notify_core.clock import Clock
from notify_core.inbound.model import ReceivedText
from notify_core.jobs.model import Job
from notify_core.notifications.model import Message


class MemoryUnitOfWork:
    """Everything stored, as seen from inside one transaction."""

    def __init__(self, clock: Clock) -> None:
        self.undo_log: list[Undo] = []
        self.users = MemoryUsers(Table(self.undo_log), Table(self.undo_log))
        self.services = MemoryServices(Table(self.undo_log), self.users)
        self.api_keys = MemoryApiKeys(Table(self.undo_log))
        self.templates = MemoryTemplates(Table(self.undo_log), self.users)
        self.providers = MemoryProviders(Table(self.undo_log))
        messages: Table[UUID, Message] = Table(self.undo_log)
        events: Table[UUID, Events] = Table(self.undo_log)
        timelines = MemoryTimelines(events, messages, clock)
        self.outbox = MemoryOutbox(Table(self.undo_log), timelines)
        self.answers = MemoryAnswers(Table(self.undo_log), clock)
        self.notifications = MemoryNotifications(messages, self.outbox, timelines, self.answers, clock)
        self.sms_statistics = MemorySmsStatistics(Table(self.undo_log), messages)
        jobs: Table[UUID, Job] = Table(self.undo_log)
        self.jobs = MemoryJobs(jobs, Table(self.undo_log), messages, self.services)
        texts: Table[UUID, ReceivedText] = Table(self.undo_log)
        self.inbound = MemoryInbound(Table(self.undo_log), texts, clock)
        apart: ApartTable = Table(self.undo_log)
        self.bulk = MemoryBulk(apart, clock)
        self.statistics = MemoryStatistics(Table(self.undo_log), Table(self.undo_log), messages, self.services)
        self.contact_lists = MemoryContactLists(Table(self.undo_log), jobs)
        self.unsubscribe_requests = MemoryUnsubscribeRequests(Table(self.undo_log))
        self.receipts = MemoryReceipts(
            Table(self.undo_log), Table(self.undo_log), Table(self.undo_log), self.notifications
        )
        callbacks: Table[UUID, Callback] = Table(self.undo_log)
        attempts: Table[UUID, Attempts] = Table(self.undo_log)
        self.callbacks = MemoryCallbacks(Table(self.undo_log), callbacks, attempts, timelines, clock)
        shelves = Shelves(
            messages=messages,
            events=events,
            apart=apart,
            texts=texts,
            callbacks=callbacks,
            attempts=attempts,
            letters=Table(self.undo_log),
        )
        self.retention = MemoryRetention(shelves)
        self.redating = MemoryRedating(Table(self.undo_log), jobs, shelves)
        self.billing = MemoryBilling(
            Table(self.undo_log), Table(self.undo_log), Table(self.undo_log), self.services, messages
        )
        self.archive = MemoryFactArchive(Table(self.undo_log), Table(self.undo_log), messages)
        self.undo_log.clear()

    def commit(self) -> None:
        """Make everything done so far permanent."""
        self.undo_log.clear()

    def roll_back(self) -> None:
        """Undo everything since the last commit."""
        while self.undo_log:
            self.undo_log.pop()()


class MemoryDatabase:
    """Implements `Database`. Transactions of several threads run one after the other."""

    def __init__(self, clock: Clock) -> None:
        self._work = MemoryUnitOfWork(clock)
        self._lock = RLock()

    @contextmanager
    def begin(self) -> Iterator[MemoryUnitOfWork]:
        """Begin a transaction that rolls back unless it was committed."""
        with self._lock:
            try:
                yield self._work
            finally:
                self._work.roll_back()

    @contextmanager
    def statement(self) -> Iterator[MemoryUnitOfWork]:
        """Begin work of which every call counts at once."""
        with self._lock:
            try:
                yield self._work
            finally:
                self._work.commit()
