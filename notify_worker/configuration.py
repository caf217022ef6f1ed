"""Celery's settings: what makes a worker survive, and what keeps it quick. Each says what it is for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from kombu.entity import Queue as CeleryQueue

from notify_adapters.settings import Settings
from notify_core.outbox.model import LONGEST_TASK_SECONDS, Queue

# A task that runs longer is told to stop, then killed.
SOFT_TIME_LIMIT_SECONDS = 25
TIME_LIMIT_SECONDS = LONGEST_TASK_SECONDS
# SQS answers as soon as there is a message. Less than the 20 s after which kombu hangs up, or messages that are
# just being handed over would be lost from sight until their visibility timeout is over.
LONG_POLL_SECONDS = 10


def celery_settings(settings: Settings) -> Mapping[str, Any]:
    """Return the settings of workers and beat alike."""
    return {**_broker(settings), **_reliability(), **_worker(settings), **_silence()}


def queue_url(settings: Settings, name: str) -> str:
    """Return the URL by which SQS knows the queue that we call `name`."""
    host = settings.sqs_endpoint_url or f"https://sqs.{settings.aws_region}.amazonaws.com"
    return f"{host}/{settings.aws_account_id}/{settings.queue_prefix}{name}"


def _broker(settings: Settings) -> dict[str, Any]:
    """Credentials come from where the AWS libraries look for them by themselves."""
    endpoint = urlsplit(settings.sqs_endpoint_url or f"https://sqs.{settings.aws_region}.amazonaws.com")
    return {
        "broker_url": f"sqs://{endpoint.netloc}",
        "broker_transport": "notify_worker.transport:Transport",
        "broker_transport_options": {
            "region": settings.aws_region,
            "is_secure": endpoint.scheme == "https",
            "predefined_queues": {queue.value: {"url": queue_url(settings, queue)} for queue in Queue},
            "wait_time_seconds": LONG_POLL_SECONDS,
            "polling_interval": 0,
            # Deliveries are many and soon done: none of a worker's processes waits until the next one is fetched.
            "reserve_of": [Queue.SEND_SMS.value, Queue.SEND_EMAIL.value],
            "message_groups": settings.message_groups,
            "client-config": {
                "connect_timeout": 2,
                "read_timeout": 5,
                "retries": {"total_max_attempts": 2, "mode": "standard"},
            },
        },
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "task_queues": [
            CeleryQueue(queue.value, routing_key=queue.value)  # type: ignore[no-untyped-call]  # kombu's is not annotated
            for queue in Queue
        ],
        "task_default_queue": Queue.PERIODIC.value,
        "task_create_missing_queues": False,
    }


def _reliability() -> dict[str, Any]:
    """A message is deleted once its task has succeeded, and not before."""
    return {
        "task_acks_late": True,
        "task_acks_on_failure": False,
        "task_acks_on_timeout": False,
        "task_reject_on_worker_lost": True,
        "task_soft_time_limit": SOFT_TIME_LIMIT_SECONDS,
        "task_time_limit": TIME_LIMIT_SECONDS,
        # SIGTERM waits for running tasks, which the limits above end before a container's 30 s of grace are over.
        # Whoever is in more of a hurry sends SIGQUIT, which gives them this long.
        "worker_soft_shutdown_timeout": 10.0,
    }


def _worker(settings: Settings) -> dict[str, Any]:
    return {
        "worker_concurrency": settings.concurrency,
        "worker_prefetch_multiplier": settings.prefetch_multiplier,
        "worker_max_tasks_per_child": settings.max_tasks_per_child,
        # Children import nothing anew, but connect on a busy machine.
        "worker_proc_alive_timeout": 20.0,
        "task_serializer": "json",
        "accept_content": ["json"],
        "timezone": "UTC",
        "enable_utc": True,
        # No schedule is kept in a file: entries are due by the clock, not by when they last ran.
        "beat_scheduler": "celery.beat:Scheduler",
    }


def _silence() -> dict[str, Any]:
    """Nobody asks for results, events or remote control, and Celery's own log can hold arguments."""
    return {
        "task_ignore_result": True,
        "result_backend": None,
        "worker_send_task_events": False,
        "task_send_sent_event": False,
        "worker_enable_remote_control": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
    }
