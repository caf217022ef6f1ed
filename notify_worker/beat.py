"""The beat schedule: what runs when, by the clock in UTC. `docs/schedule.md` tells all of it, a test compares.

No entry may run only in the hour from 23:00: in summer that is another day in London.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen
from celery.schedules import crontab

from notify_core.outbox.model import Queue


@frozen(kw_only=True)
class Entry:
    """One line of the schedule. `cron` is minute, hour, day of month, month and day of week; all must hold."""

    name: str
    cron: str
    queue: Queue
    task: str | None = None

    def as_celery(self) -> dict[str, Any]:
        """Return the entry as Celery's `beat_schedule` has it."""
        return {
            "task": self.task or self.name,
            "schedule": crontab.from_string(self.cron),
            "options": {"queue": self.queue.value},
        }


SCHEDULE = (
    Entry(name="run-scheduled-jobs", cron="0,15,30,45 * * * *", queue=Queue.PERIODIC),
    Entry(name="check-job-status", cron="* * * * *", queue=Queue.PERIODIC),
    Entry(name="update-status-of-fully-processed-jobs", cron="*/1 * * * *", queue=Queue.PERIODIC),
    Entry(name="check-for-missing-rows-in-completed-jobs", cron="*/10 * * * *", queue=Queue.PERIODIC),
    Entry(name="replay-created-notifications", cron="0,15,30,45 * * * *", queue=Queue.PERIODIC),
    Entry(name="generate-sms-delivery-stats", cron="* * * * *", queue=Queue.PERIODIC),
    Entry(name="switch-current-sms-provider-on-slow-delivery", cron="* * * * *", queue=Queue.PERIODIC),
    Entry(name="tend-providers-back-to-middle", cron="*/5 * * * *", queue=Queue.PERIODIC),
    Entry(name="timeout-sending-notifications", cron="5 0 * * *", queue=Queue.PERIODIC),
    Entry(name="delete-inbound-sms", cron="40 1 * * *", queue=Queue.PERIODIC),
    # After the statistics of the day: they count what this removes of test keys.
    Entry(name="delete-notifications-older-than-retention", cron="0 3 * * *", queue=Queue.REPORTING),
    Entry(name="archive-unsubscribe-requests", cron="5 0 * * *", queue=Queue.REPORTING),
    Entry(name="forget-answers", cron="20 2 * * *", queue=Queue.PERIODIC),
    Entry(name="remove_sms_email_jobs", cron="0 4 * * *", queue=Queue.PERIODIC),
    Entry(name="remove_letter_jobs", cron="20 4 * * *", queue=Queue.PERIODIC),
    Entry(name="create-nightly-notification-status", cron="30 0 * * *", queue=Queue.REPORTING),
    Entry(name="save-daily-notification-processing-time", cron="0 2 * * *", queue=Queue.PERIODIC),
    Entry(name="check-for-low-available-inbound-sms-numbers", cron="0 9 * * mon", queue=Queue.PERIODIC),
    Entry(
        name="check-for-services-with-high-failure-rates-or-sending-to-tv-numbers",
        cron="30 10 * * mon-fri",
        queue=Queue.PERIODIC,
    ),
    Entry(name="deep-archive-notification-history-up-to-limit", cron="35 1 * * *", queue=Queue.REPORTING),
    Entry(name="wake-callback-endpoints", cron="* * * * *", queue=Queue.PERIODIC),
    # Far more often than needed, so that many failures in a row do no harm.
    Entry(name="create-partitions", cron="20 * * * *", queue=Queue.PERIODIC),
    Entry(name="apply-waiting-receipts", cron="* * * * *", queue=Queue.PERIODIC),
    Entry(name="create-nightly-billing", cron="15 0 * * *", queue=Queue.REPORTING),
    Entry(name="update-ft-billing-for-today", cron="0 * * * *", queue=Queue.REPORTING),
    Entry(name="run-populate-annual-billing", cron="1 2 1 4 *", queue=Queue.PERIODIC),
)


def beat_schedule() -> dict[str, dict[str, Any]]:
    """Return the schedule as Celery wants it."""
    return {entry.name: entry.as_celery() for entry in SCHEDULE}
