"""Which queues each type of worker serves, so that slow work cannot stand in the way of quick work."""

from __future__ import annotations

from collections.abc import Mapping

from notify_core.errors import ConfigurationError
from notify_core.outbox.model import Queue

EVERY_QUEUE = "worker"

WORKER_TYPES: Mapping[str, tuple[Queue, ...]] = {
    EVERY_QUEUE: tuple(Queue),
    "api-worker-retry-tasks": (Queue.RETRY,),
    "api-worker-letters": (Queue.CREATE_LETTERS_PDF, Queue.LETTERS),
    "api-worker-jobs": (Queue.JOBS,),
    "api-worker-jobs-save": (Queue.DATABASE,),
    "api-worker-jobs-save-documents": (Queue.DATABASE_DOCUMENTS,),
    "api-worker-research": (Queue.RESEARCH_MODE,),
    "api-worker-sender": (Queue.SEND_SMS, Queue.SEND_EMAIL),
    "api-worker-sender-letters": (Queue.SEND_LETTER,),
    "api-worker-periodic": (Queue.PERIODIC,),
    "api-worker-reporting": (Queue.REPORTING,),
    "api-worker-internal": (Queue.INTERNAL,),
    "api-worker-receipts": (Queue.SES_CALLBACKS, Queue.SMS_CALLBACKS, Queue.LETTER_CALLBACKS),
    "api-worker-service-callbacks": (Queue.SERVICE_CALLBACKS,),
    "api-worker-service-callbacks-retry": (Queue.SERVICE_CALLBACKS_RETRY,),
    "api-worker-report-requests-notifications": (Queue.REPORT_REQUESTS,),
}


def queues_for(worker_type: str) -> tuple[Queue, ...]:
    """Return the queues that a worker of this type serves. Raises ConfigurationError, which lists the types."""
    try:
        return WORKER_TYPES[worker_type]
    except KeyError:
        raise ConfigurationError(
            f"There is no worker type {worker_type!r}. There are:\n"
            + "\n".join(f"  - {name}: {', '.join(queues)}" for name, queues in WORKER_TYPES.items())
        ) from None
