"""Tasks, the queues they go to, and the entries that promise to put them there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from attrs import frozen

# The broker can hold a message back for at most this long; what waits longer waits in the outbox.
LONGEST_BROKER_DELAY = timedelta(seconds=900)
# A task that runs longer is killed. The queues show a message again only long after that: a second worker must not
# have it while the first is still at it.
LONGEST_TASK_SECONDS = 28
# One queue message may carry this many subjects of one task, queue, tenant and delay.
SUBJECTS_PER_MESSAGE = 30


class Queue(StrEnum):
    """The queues, without the environment's prefix."""

    PERIODIC = "periodic-tasks"
    DATABASE = "database-tasks"
    DATABASE_DOCUMENTS = "database-tasks-documents"
    SEND_SMS = "send-sms-tasks"
    SEND_EMAIL = "send-email-tasks"
    SEND_LETTER = "send-letter-tasks"
    RESEARCH_MODE = "research-mode-tasks"
    REPORTING = "reporting-tasks"
    JOBS = "job-tasks"
    RETRY = "retry-tasks"
    INTERNAL = "notify-internal-tasks"
    CREATE_LETTERS_PDF = "create-letters-pdf-tasks"
    LETTERS = "letter-tasks"
    SERVICE_CALLBACKS = "service-callbacks"
    SERVICE_CALLBACKS_RETRY = "service-callbacks-retry"
    SES_CALLBACKS = "ses-callbacks"
    SMS_CALLBACKS = "sms-callbacks"
    LETTER_CALLBACKS = "letter-callbacks"
    REPORT_REQUESTS = "report-requests-notifications-tasks"


class Task(StrEnum):
    """The background tasks that take the ids of what they are about."""

    DELIVER_SMS = "deliver_sms"
    DELIVER_EMAIL = "deliver_email"
    SIMULATE_RECEIPT = "simulate-receipt"
    #: Its ids are of no messages: they stand for the moments before which it goes on.
    TIME_OUT_SENDING = "timeout-sending-notifications"
    SEND_CALLBACKS = "send-callbacks"
    RETRY_CALLBACKS = "retry-callbacks"
    PROCESS_JOB = "process-job"
    SHATTER_JOB_ROWS = "shatter-job-rows"
    PROCESS_INCOMPLETE_JOBS = "process-incomplete-jobs"
    #: Of these four, too, ids stand for moments: those at which their runs began.
    ARCHIVE_FACTS = "deep-archive-notification-history-up-to-limit"
    APPLY_RETENTION = "delete-notifications-older-than-retention"
    REMOVE_EXPIRED_TEXTS = "delete-inbound-sms"
    REMOVE_LETTER_FILES = "remove-letter-files"
    #: Its ids are of services.
    REDATE_CONTENTS = "redate-contents"
    # The ids of these only say where to go on.
    ARCHIVE_UNSUBSCRIBE_REQUESTS = "archive-unsubscribe-requests"
    REMOVE_SMS_EMAIL_JOBS = "remove_sms_email_jobs"
    REMOVE_LETTER_JOBS = "remove_letter_jobs"
    FORGET_ANSWERS = "forget-answers"
    #: The ids of these stand for London days.
    BUILD_BILLING = "create-or-update-ft-billing-for-day"
    BUILD_STATUS_FACTS = "create-nightly-notification-status-for-day"
    BUILD_LETTER_STATUS_FACTS = "create-nightly-letter-status-for-day"


DELIVERING = frozenset({Task.DELIVER_SMS, Task.DELIVER_EMAIL})
# Each subject of these takes long enough for a message of its own.
_ALONE = frozenset(
    {
        Task.PROCESS_JOB,
        Task.SHATTER_JOB_ROWS,
        Task.REDATE_CONTENTS,
        Task.BUILD_BILLING,
        Task.BUILD_STATUS_FACTS,
        Task.BUILD_LETTER_STATUS_FACTS,
    }
)


@frozen
class Lane:
    """What waits on one queue for one tenant: nobody else's lane may hold it up."""

    queue: Queue
    group: UUID | None


@frozen(kw_only=True)
class OutboxEntry:
    """A promise: `task` will be put on `queue` for `subject_id`, not to run before `available_at` (UTC).

    `group` is the tenant, for fairness between tenants on one queue.
    """

    id: UUID
    task: Task
    queue: Queue
    subject_id: UUID
    available_at: datetime
    group: UUID | None = None

    @property
    def lane(self) -> Lane:
        """Where it waits."""
        return Lane(self.queue, self.group)

    @property
    def is_first_delivery(self) -> bool:
        """Whether this promises the delivery of a message, and not a further attempt at it."""
        return self.task in DELIVERING and self.queue is not Queue.RETRY


@frozen(kw_only=True)
class TaskMessage:
    """What goes on a queue: a task for one or more subjects, held back by the broker for `delay`."""

    task: Task
    queue: Queue
    subject_ids: tuple[UUID, ...]
    entry_ids: tuple[UUID, ...]
    group: UUID | None = None
    delay: timedelta = timedelta(0)

    @property
    def lane(self) -> Lane:
        """Where its subjects waited."""
        return Lane(self.queue, self.group)


def as_messages(entries: Iterable[OutboxEntry], now: datetime) -> Iterator[TaskMessage]:
    """Pack entries into as few messages as may carry them, in the order in which each first occurs.

    Entries that share task, queue, group and (whole) seconds of delay travel together, up to
    SUBJECTS_PER_MESSAGE of them, each subject once; those of tasks that take long alone. Their times must lie within
    LONGEST_BROKER_DELAY of `now`.
    """
    together: dict[tuple[Task, Queue, UUID | None, timedelta], list[OutboxEntry]] = {}
    for entry in entries:
        key = (entry.task, entry.queue, entry.group, _whole_seconds(entry.available_at - now))
        together.setdefault(key, []).append(entry)
    for (task, queue, group, delay), alike in together.items():
        # What was promised several times for one subject is asked for once.
        promises: dict[UUID, list[UUID]] = {}
        for entry in alike:
            promises.setdefault(entry.subject_id, []).append(entry.id)
        subjects = list(promises)
        most = 1 if task in _ALONE else SUBJECTS_PER_MESSAGE
        for start in range(0, len(subjects), most):
            some = subjects[start : start + most]
            yield TaskMessage(
                task=task,
                queue=queue,
                subject_ids=tuple(some),
                entry_ids=tuple(entry_id for subject in some for entry_id in promises[subject]),
                group=group,
                delay=delay,
            )


def _whole_seconds(remaining: timedelta) -> timedelta:
    """Round up, so that nothing starts early; never negative, never longer than the broker can hold."""
    seconds = -(-remaining // timedelta(seconds=1))
    return min(max(timedelta(seconds=seconds), timedelta(0)), LONGEST_BROKER_DELAY)
