"""One transaction, and the repositories that live in it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from notify_core.api_keys.ports import ApiKeyRepository
from notify_core.archive.ports import FactArchive
from notify_core.billing.ports import BillingRepository
from notify_core.bulk.ports import BulkRepository
from notify_core.callbacks.ports import CallbackRepository
from notify_core.contact_lists.ports import ContactListRepository
from notify_core.idempotency.ports import AnswerRepository
from notify_core.inbound.ports import InboundRepository
from notify_core.jobs.ports import JobRepository
from notify_core.notifications.ports import NotificationRepository, ReceiptRepository
from notify_core.outbox.ports import Outbox
from notify_core.providers.ports import ProviderRepository, SmsDeliveryStatistics
from notify_core.retention.ports import RedatingRepository, RetentionRepository
from notify_core.services.ports import ServiceRepository
from notify_core.statistics.ports import StatisticsRepository
from notify_core.templates.ports import TemplateRepository
from notify_core.unsubscribe.ports import UnsubscribeRepository
from notify_core.users.ports import UserRepository


class UnitOfWork(Protocol):
    """Everything stored, as seen from inside one transaction. Rolls back unless `commit` was called."""

    @property
    def services(self) -> ServiceRepository:
        """Services."""
        ...

    @property
    def api_keys(self) -> ApiKeyRepository:
        """API keys."""
        ...

    @property
    def templates(self) -> TemplateRepository:
        """Templates."""
        ...

    @property
    def users(self) -> UserRepository:
        """Users."""
        ...

    @property
    def notifications(self) -> NotificationRepository:
        """Notifications."""
        ...

    @property
    def jobs(self) -> JobRepository:
        """Jobs."""
        ...

    @property
    def answers(self) -> AnswerRepository:
        """Answers that were given, by the key of their request."""
        ...

    @property
    def bulk(self) -> BulkRepository:
        """Rows of bulks that became no messages."""
        ...

    @property
    def receipts(self) -> ReceiptRepository:
        """Receipts that came too early, and complaints."""
        ...

    @property
    def providers(self) -> ProviderRepository:
        """Providers."""
        ...

    @property
    def sms_statistics(self) -> SmsDeliveryStatistics:
        """How soon texts are delivered."""
        ...

    @property
    def statistics(self) -> StatisticsRepository:
        """What became of messages, counted."""
        ...

    @property
    def inbound(self) -> InboundRepository:
        """Numbers that people can text, and the texts that came."""
        ...

    @property
    def contact_lists(self) -> ContactListRepository:
        """Contact lists."""
        ...

    @property
    def unsubscribe_requests(self) -> UnsubscribeRepository:
        """Recipients' wishes to hear no more."""
        ...

    @property
    def callbacks(self) -> CallbackRepository:
        """Where services are called back, and what they are told there."""
        ...

    @property
    def retention(self) -> RetentionRepository:
        """What has expired, and is to go."""
        ...

    @property
    def redating(self) -> RedatingRepository:
        """What is to be moved to other days."""
        ...

    @property
    def billing(self) -> BillingRepository:
        """Rates, free allowances, and what was sent on each day."""
        ...

    @property
    def archive(self) -> FactArchive:
        """Old facts, and what is known of their files."""
        ...

    @property
    def outbox(self) -> Outbox:
        """What is still to be put on a queue."""
        ...

    def commit(self) -> None:
        """Make everything done so far permanent, together. What was put in the outbox will be acted on."""
        ...


class DatabaseUnavailable(Exception):
    """The database cannot be reached, or gave up on us. Nothing that was not committed has happened."""


class Database(Protocol):
    """Where things are kept. Both methods may raise DatabaseUnavailable, on entry or from any call inside."""

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        """Begin a transaction. Never keep it open while waiting for somebody else's server."""
        ...

    def statement(self) -> AbstractContextManager[UnitOfWork]:
        """Like `begin`, but each call of a repository is a transaction of its own, committed when it returns.

        For use cases that make one call: it spares the round trips that begin and end a transaction.
        `commit` does nothing.
        """
        ...
