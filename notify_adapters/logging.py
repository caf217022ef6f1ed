"""Logs: one JSON object a line on standard output, with ids and never with anything personal or secret."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import structlog

from notify_core.archive.log import ArchiveLog
from notify_core.archive.model import ArchivedHour
from notify_core.callbacks.model import CallbackState, Endpoint, Health
from notify_core.callbacks.send import CallbackLog, Called
from notify_core.errors import ConfigurationError
from notify_core.jobs.remove_files import JobFileLog
from notify_core.notifications.deliver import Delivered, DeliveryLog
from notify_core.notifications.model import Notification
from notify_core.notifications.record_receipt import ReceiptLog
from notify_core.notifications.status import Status
from notify_core.providers.lateness import Figures, Lateness
from notify_core.providers.log import TEXTS_ARE_LATE, ProviderLog
from notify_core.providers.model import Provider
from notify_core.retention.model import Applied, ExpiredDay
from notify_core.retention.ports import RetentionLog
from notify_core.statistics.check import CheckLog, Concern, InboundNumbers, ServiceConcern
from notify_core.vocabulary import ProviderName

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_JOBS_NAMED = 10
_ID = re.compile("[0-9a-fA-F-]{32,100}")


def configure_logging(application: str, level: str) -> None:
    """Send this process's logs to standard output, from `level` on. Raises ConfigurationError for another level."""
    if level.upper() not in _LEVELS:
        raise ConfigurationError(f"NOTIFY_LOG_LEVEL: {level!r} is not a level; use one of {', '.join(_LEVELS)}")
    number = getattr(logging, level.upper())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(application=application)
    # Libraries log through the standard library; only what is alarming is of interest, and never their arguments.
    logging.basicConfig(
        level=max(number, logging.WARNING), stream=sys.stdout, format="%(levelname)s %(name)s %(message)s"
    )


def _id_or_nothing(reference: str) -> str:
    """Return what a provider calls a message, if it looks like an id: whoever can send a receipt could send anything.

    >>> _id_or_nothing("0100019ab1c2d3e4-5f6a7b8c-9d0e-1f2a-3b4c-5d6e7f8a9b0c-000000")
    '0100019ab1c2d3e4-5f6a7b8c-9d0e-1f2a-3b4c-5d6e7f8a9b0c-000000'
    >>> _id_or_nothing("jo@example.com")
    'not an id'
    """
    return reference if _ID.fullmatch(reference) else "not an id"


def log() -> Any:
    """Return a logger. Fields are given as keyword arguments."""
    return structlog.get_logger()


class StructuredDeliveryLog(DeliveryLog):
    """Writes a line for each delivery attempt."""

    def delivered(self, result: Delivered) -> None:
        """Write how one message fared."""
        fields = {
            "notification_id": str(result.notification_id),
            "provider": result.provider,
            "attempt": result.attempt,
            "status": result.outcome,
        }
        if result.problem is None:
            log().debug("delivery attempt", **fields)
            return
        retry_at = result.retry_at.isoformat() if result.retry_at else None
        log().warning("delivery attempt failed", problem=result.problem, retry_at=retry_at, **fields)

    def in_doubt(self, notification_id: UUID, until: datetime) -> None:
        """Write that nobody knows how a message's last attempt ended."""
        log().warning("delivery in doubt", notification_id=str(notification_id), until=until.isoformat())


class StructuredReceiptLog(ReceiptLog):
    """Writes a line for each receipt."""

    def applied(self, before: Notification, after: Notification, detail: str | None) -> None:
        """Write that a receipt changed a message."""
        log().debug(
            "receipt applied",
            notification_id=str(after.id),
            provider=after.sent_by,
            before=before.status,
            after=after.status,
            detail=detail,
        )

    def ignored(self, notification: Notification, status: Status) -> None:
        """Write that a receipt changed nothing."""
        log().info(
            "receipt changed nothing",
            notification_id=str(notification.id),
            status=notification.status,
            reported=status,
        )

    def unmatched(self, provider: ProviderName, reference: str) -> None:
        """Write that no message is known by that reference."""
        log().warning("receipt for an unknown message", provider=provider, reference=_id_or_nothing(reference))

    def unknown_status(self, provider: ProviderName, reference: str, status: str) -> None:
        """Write that a provider uses a status that we do not know."""
        log().error(
            "receipt with an unknown status",
            provider=provider,
            reference=_id_or_nothing(reference),
            reported=status[:20],
        )

    def left_waiting(self, provider: ProviderName, reference: str, problem: str) -> None:
        """Write that a receipt is stored and could not be applied."""
        log().warning("receipt waits", provider=provider, reference=_id_or_nothing(reference), problem=problem)

    def dropped(self, counts: Mapping[ProviderName, int]) -> None:
        """Write how many receipts were thrown away."""
        log().warning(
            "receipts that no message claimed are dropped",
            **{provider.value: count for provider, count in counts.items()},
        )


class StructuredProviderLog(ProviderLog):
    """Writes a line for each change of a provider, and for how each does every minute."""

    def changed(self, provider: Provider) -> None:
        """Write that a provider has a new version."""
        log().warning(
            "provider changed",
            provider=provider.name,
            version=provider.version,
            priority=provider.priority,
            active=provider.active,
            reason=provider.reason,
        )

    def left_alone(self, name: ProviderName, why: str) -> None:
        """Write that a provider is in trouble, and that its priority was not reduced."""
        log().info("provider left alone", provider=name, why=why)

    def measured(self, figures: Figures) -> None:
        """Write how a provider does."""
        within = {
            f"{name}_{minutes}m": value
            for minutes, lateness in figures.within.items()
            for name, value in (("judged", lateness.judged), ("late", lateness.late))
        }
        log().info("texts measured", provider=figures.provider, errors=figures.errors, **within)

    def texts_are_late(self, all_providers: Lateness, breaches: int) -> None:
        """Write it as an error, so that somebody is woken."""
        log().error(TEXTS_ARE_LATE, judged=all_providers.judged, late=all_providers.late, minutes_in_a_row=breaches)


class StructuredCheckLog(CheckLog):
    """Writes an error for each thing that somebody should look into. Services go by their ids."""

    def service(self, found: ServiceConcern) -> None:
        """Write that a service is to be looked into."""
        fields = {"service_id": str(found.texts.service_id), "texts": found.texts.texts}
        if found.concern is Concern.HIGH_FAILURE_RATE:
            failures = found.texts.permanent_failures
            log().error("service with a high failure rate", permanent_failures=failures, **fields)
        else:
            log().error("service sends texts to numbers for drama", **fields)

    def inbound_numbers_are_low(self, numbers: InboundNumbers) -> None:
        """Write that there are hardly any numbers left."""
        log().error("numbers that people can text run out", available=numbers.available, threshold=numbers.threshold)


class StructuredCallbackLog(CallbackLog):
    """Writes a line for each callback. Endpoints go by their ids: a URL can hold a secret."""

    def called(self, called: Called) -> None:
        """Write how one call went."""
        fields = {
            "callback_id": str(called.callback.id),
            "endpoint_id": str(called.callback.endpoint_id),
            "service_id": str(called.callback.service_id),
            "kind": called.callback.kind,
            "attempt": called.attempt,
            "answer": called.answer.told,
            "milliseconds": called.answer.milliseconds,
            "state": called.state,
        }
        if called.state is CallbackState.DELIVERED:
            log().debug("callback delivered", **fields)
            return
        retry_at = called.next_attempt_at.isoformat() if called.next_attempt_at else None
        log().warning("callback not delivered", retry_at=retry_at, **fields)

    def paused(self, endpoint: Endpoint, health: Health) -> None:
        """Write that an endpoint is left alone for a while."""
        log().warning(
            "callback endpoint paused",
            endpoint_id=str(endpoint.id),
            service_id=str(endpoint.service_id),
            failures=health.consecutive_failures,
            until=None if health.paused_until is None else health.paused_until.isoformat(),
        )

    def switched_off(self, endpoint: Endpoint, abandoned: int) -> None:
        """Write that an endpoint said that it was gone."""
        log().error(
            "callback endpoint switched off: it answered 410",
            endpoint_id=str(endpoint.id),
            service_id=str(endpoint.service_id),
            abandoned=abandoned,
        )


class StructuredRetentionLog(RetentionLog):
    """Writes a line for each run of retention that did anything, and an error for what it could not do."""

    def applied(self, applied: Applied) -> None:
        """Write what a run did."""
        if not (applied.got_on or applied.unfinished):
            return
        log().info(
            "retention applied",
            dropped=_days(applied.dropped),
            held=_days(applied.held),
            swept={str(kind): count for kind, count in applied.swept.items()},
            letters_kept=applied.letters_kept,
            test_messages=applied.test_messages,
            unfinished=applied.unfinished,
        )

    def given_up(self, held: Sequence[ExpiredDay]) -> None:
        """Write that days could not be dropped."""
        log().error("retention left to the next night", held=_days(held))

    def files_failed(self, problem: str, letters: int) -> None:
        """Write that PDFs could not be removed."""
        log().error("letters' files left to the next night", letters=letters, problem=problem)


def _days(expired: Sequence[ExpiredDay]) -> list[str]:
    return [f"{one.kind} {one.day}" for one in expired]


def tell_of_rows_astray(counts: Mapping[str, int]) -> None:
    """Write an error when rows have no partition of their own. Nothing is lost; somebody should look why."""
    if counts:
        log().error("rows without a partition of their own", rows=dict(counts))


class StructuredJobFileLog(JobFileLog):
    """Writes a line for the files that a night could not remove."""

    def not_removed(self, job_ids: Sequence[UUID], problem: str) -> None:
        """Write how many jobs' files are still there, and the first of these jobs."""
        log().error(
            "files of jobs not removed, tried again next night",
            jobs=len(job_ids),
            first_job_ids=[str(job_id) for job_id in job_ids[:_JOBS_NAMED]],
            problem=problem,
        )


class StructuredArchiveLog(ArchiveLog):
    """Writes a line for each file of the archive, and for each month that goes there for good."""

    def archived(self, hour: ArchivedHour) -> None:
        """Write that a file was verified; of hours without facts there is nothing to tell."""
        if hour.fingerprint is not None:
            log().info("facts archived", key=hour.key, rows=hour.tally.rows)

    def changed(self, hour: ArchivedHour) -> None:
        """Write that facts changed while they were archived."""
        log().info("facts changed while they were archived", key=hour.key)

    def damaged(self, hour: ArchivedHour, problem: str) -> None:
        """Write it as an error, so that somebody looks into it."""
        log().error("archive file damaged, nothing removed", key=hour.key, problem=problem)

    def removed(self, month: date) -> None:
        """Write that a month's facts are in the archive alone."""
        log().warning("month of facts removed: it is archived", month=f"{month:%Y-%m}")

    def busy(self, month: date) -> None:
        """Write that others were using the month's table."""
        log().info("month of facts in use, tried again later", month=f"{month:%Y-%m}")

    def missing(self, hour: ArchivedHour) -> None:
        """Write it as an error: those facts are lost, unless somebody finds the file."""
        log().error("archive file gone, and no other copy of it", key=hour.key, rows=hour.tally.rows)
