"""Transactions, and the repositories that live in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from notify_adapters.postgres.acceptance import GroupedAcceptance
from notify_adapters.postgres.answers import PostgresAnswers
from notify_adapters.postgres.api_keys import PostgresApiKeys
from notify_adapters.postgres.archive import PostgresFactArchive
from notify_adapters.postgres.billing import PostgresBilling
from notify_adapters.postgres.bulk import PostgresBulk
from notify_adapters.postgres.callbacks import PostgresCallbacks
from notify_adapters.postgres.contact_lists import PostgresContactLists
from notify_adapters.postgres.inbound import PostgresInbound
from notify_adapters.postgres.jobs import PostgresJobs
from notify_adapters.postgres.notifications import PostgresNotifications
from notify_adapters.postgres.outbox import PostgresOutbox
from notify_adapters.postgres.providers import PostgresProviders
from notify_adapters.postgres.receipts import PostgresReceipts
from notify_adapters.postgres.redating import PostgresRedating
from notify_adapters.postgres.retention import PostgresRetention
from notify_adapters.postgres.sealing import Cipher
from notify_adapters.postgres.services import PostgresServices
from notify_adapters.postgres.session import Mode, Session
from notify_adapters.postgres.sms_statistics import PostgresSmsStatistics
from notify_adapters.postgres.statistics import PostgresStatistics
from notify_adapters.postgres.templates import PostgresTemplates
from notify_adapters.postgres.unsubscribe_requests import PostgresUnsubscribeRequests
from notify_adapters.postgres.users import PostgresUsers
from notify_core.clock import Clock


def _nothing() -> None:
    pass


class PostgresUnitOfWork:
    """Everything stored, as seen through one session."""

    def __init__(self, session: Session, cipher: Cipher, clock: Clock, accept: GroupedAcceptance) -> None:
        self._session = session
        self._cipher = cipher
        self._clock = clock
        self._accept = accept

    @property
    def services(self) -> PostgresServices:
        """Services."""
        return PostgresServices(self._session)

    @property
    def api_keys(self) -> PostgresApiKeys:
        """API keys."""
        return PostgresApiKeys(self._session, self._cipher)

    @property
    def templates(self) -> PostgresTemplates:
        """Templates."""
        return PostgresTemplates(self._session)

    @property
    def users(self) -> PostgresUsers:
        """Users."""
        return PostgresUsers(self._session)

    @property
    def notifications(self) -> PostgresNotifications:
        """Notifications."""
        return PostgresNotifications(self._session, self._cipher, self._clock, self._accept)

    @property
    def jobs(self) -> PostgresJobs:
        """Jobs."""
        return PostgresJobs(self._session)

    @property
    def answers(self) -> PostgresAnswers:
        """Answers that were given, by the key of their request."""
        return PostgresAnswers(self._session, self._cipher, self._clock)

    @property
    def bulk(self) -> PostgresBulk:
        """Rows of bulks that became no messages."""
        return PostgresBulk(self._session, self._cipher, self._clock)

    @property
    def receipts(self) -> PostgresReceipts:
        """Receipts that came too early, and complaints."""
        return PostgresReceipts(self._session)

    @property
    def providers(self) -> PostgresProviders:
        """Providers."""
        return PostgresProviders(self._session)

    @property
    def sms_statistics(self) -> PostgresSmsStatistics:
        """How soon texts are delivered."""
        return PostgresSmsStatistics(self._session)

    @property
    def statistics(self) -> PostgresStatistics:
        """What became of messages, counted."""
        return PostgresStatistics(self._session)

    @property
    def inbound(self) -> PostgresInbound:
        """Numbers that people can text, and the texts that came."""
        return PostgresInbound(self._session, self._cipher, self._clock)

    @property
    def contact_lists(self) -> PostgresContactLists:
        """Contact lists."""
        return PostgresContactLists(self._session)

    @property
    def unsubscribe_requests(self) -> PostgresUnsubscribeRequests:
        """Recipients' wishes to hear no more."""
        return PostgresUnsubscribeRequests(self._session)

    @property
    def callbacks(self) -> PostgresCallbacks:
        """Where services are called back, and what they are told there."""
        return PostgresCallbacks(self._session, self._cipher, self._clock)

    @property
    def retention(self) -> PostgresRetention:
        """What has expired, and is to go."""
        return PostgresRetention(self._session)

    @property
    def redating(self) -> PostgresRedating:
        """What is to be moved to other days."""
        return PostgresRedating(self._session)

    @property
    def billing(self) -> PostgresBilling:
        """Rates, free allowances, and what was sent on each day."""
        return PostgresBilling(self._session)

    @property
    def archive(self) -> PostgresFactArchive:
        """Old facts, and what is known of their files."""
        return PostgresFactArchive(self._session)

    @property
    def outbox(self) -> PostgresOutbox:
        """What is still to be put on a queue."""
        return PostgresOutbox(self._session, self._clock)

    def commit(self) -> None:
        """Make everything done so far permanent, together."""
        self._session.commit()


class PostgresDatabase:
    """Implements `Database`. Safe to share between threads.

    `wake` is called after each commit that put something into the outbox; it must not block or raise.
    """

    def __init__(self, engine: Engine, cipher: Cipher, clock: Clock, wake: Callable[[], None] = _nothing) -> None:
        self._engine = engine
        self._cipher = cipher
        self._clock = clock
        self._wake = wake
        self._accept = GroupedAcceptance(lambda: self._session(Mode.STATEMENT))

    @contextmanager
    def begin(self) -> Iterator[PostgresUnitOfWork]:
        """Begin a transaction that rolls back unless it was committed."""
        with self._session(Mode.TRANSACTION) as session:
            yield PostgresUnitOfWork(session, self._cipher, self._clock, self._accept)

    @contextmanager
    def statement(self) -> Iterator[PostgresUnitOfWork]:
        """Begin work of which every call is committed when it returns."""
        with self._session(Mode.STATEMENT) as session:
            yield PostgresUnitOfWork(session, self._cipher, self._clock, self._accept)

    @contextmanager
    def _session(self, mode: Mode) -> Iterator[Session]:
        session = Session(self._engine, mode, self._wake)
        try:
            yield session
        finally:
            session.end()
