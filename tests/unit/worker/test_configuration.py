from __future__ import annotations

from typing import Any

import pytest

from notify_adapters.settings import Settings
from notify_adapters.sqs import QueueAddresses
from notify_adapters.sqs.queues import DEFAULT_VISIBILITY_TIMEOUT_SECONDS
from notify_core.outbox.model import Queue
from notify_worker.configuration import (
    LONG_POLL_SECONDS,
    SOFT_TIME_LIMIT_SECONDS,
    TIME_LIMIT_SECONDS,
    celery_settings,
)


def settings(**changes: Any) -> Settings:
    return Settings(environment="test", database_url="postgresql+psycopg://nowhere", encryption_keys={}, **changes)


@pytest.mark.parametrize("endpoint", [None, "http://127.0.0.1:4566"])
def test_workers_listen_where_the_relay_publishes(endpoint: str | None) -> None:
    where: dict[str, Any] = {"region": "eu-west-1", "endpoint_url": endpoint, "account_id": "42", "prefix": "live-"}
    addresses = QueueAddresses(**where)
    configured = celery_settings(
        settings(sqs_endpoint_url=endpoint, aws_account_id="42", queue_prefix="live-", aws_region="eu-west-1")
    )

    assert configured["broker_transport_options"]["predefined_queues"] == {
        queue.value: {"url": addresses.url(queue)} for queue in Queue
    }


def test_a_task_is_over_long_before_its_message_is_delivered_again() -> None:
    assert DEFAULT_VISIBILITY_TIMEOUT_SECONDS >= 2 * TIME_LIMIT_SECONDS


def test_a_long_poll_ends_before_the_client_gives_up_on_it() -> None:
    from kombu.asynchronous.aws.connection import AsyncHTTPSConnection

    connection = AsyncHTTPSConnection(http_client=object())  # type: ignore[no-untyped-call]  # kombu's is not annotated

    assert connection.timeout >= 2 * LONG_POLL_SECONDS


@pytest.mark.parametrize(
    ("endpoint", "broker", "secure"),
    [
        (None, "sqs://sqs.eu-west-1.amazonaws.com", True),
        ("http://127.0.0.1:4566", "sqs://127.0.0.1:4566", False),
        ("https://queues.example", "sqs://queues.example", True),
    ],
)
def test_the_endpoint_decides_about_encryption(endpoint: str | None, broker: str, secure: bool) -> None:
    configured = celery_settings(settings(sqs_endpoint_url=endpoint))

    assert configured["broker_url"] == broker
    assert configured["broker_transport_options"]["is_secure"] is secure


def test_a_message_is_deleted_only_when_its_task_has_succeeded() -> None:
    configured = celery_settings(settings())

    assert configured["task_acks_late"]
    assert configured["task_reject_on_worker_lost"]
    assert not configured["task_acks_on_failure"]
    assert not configured["task_acks_on_timeout"]


def test_an_operator_decides_how_much_a_worker_takes_on() -> None:
    configured = celery_settings(settings(concurrency=7, prefetch_multiplier=3, max_tasks_per_child=9))

    assert configured["worker_concurrency"] == 7
    assert configured["worker_prefetch_multiplier"] == 3
    assert configured["worker_max_tasks_per_child"] == 9


def test_a_worker_takes_no_task_before_it_can_begin_it() -> None:
    """Ten prefetched messages would wait behind one batch, and be delivered to another worker meanwhile."""
    assert celery_settings(settings())["worker_prefetch_multiplier"] == 1


def test_a_worker_that_is_told_to_stop_is_done_before_its_container_is_killed() -> None:
    grace_seconds = 30
    configured = celery_settings(settings())

    assert configured["task_soft_time_limit"] == SOFT_TIME_LIMIT_SECONDS < TIME_LIMIT_SECONDS < grace_seconds
    assert configured["task_time_limit"] == TIME_LIMIT_SECONDS
    assert configured["worker_soft_shutdown_timeout"] < grace_seconds


def test_workers_neither_make_queues_nor_look_for_them() -> None:
    configured = celery_settings(settings())

    assert not configured["task_create_missing_queues"]
    assert {queue.name for queue in configured["task_queues"]} == {queue.value for queue in Queue}
    assert configured["broker_transport_options"]["predefined_queues"].keys() == {queue.value for queue in Queue}


@pytest.mark.parametrize("wanted", [True, False])
def test_an_operator_decides_whether_sqs_hears_of_services(wanted: bool) -> None:
    configured = celery_settings(settings(message_groups=wanted))

    assert configured["broker_transport_options"]["message_groups"] is wanted


def test_children_are_replaced_before_they_have_grown_old() -> None:
    assert celery_settings(settings())["worker_max_tasks_per_child"] == 20_000
