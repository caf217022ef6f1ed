"""Our own messages, against those that Celery would send."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from celery import Celery

from notify_adapters.sqs.envelope import encode
from notify_core.outbox.model import Queue, Task, TaskMessage

IDS = (UUID(int=1), UUID(int=2))
GROUP = UUID(int=9)
MESSAGE = TaskMessage(
    task=Task.DELIVER_SMS,
    queue=Queue.SEND_SMS,
    subject_ids=IDS,
    entry_ids=(UUID(int=3), UUID(int=4)),
    group=GROUP,
    delay=timedelta(seconds=300),
)


def decoded(body: str) -> dict[str, Any]:
    envelope: dict[str, Any] = json.loads(base64.b64decode(body))
    return envelope


def sent_by_celery() -> dict[str, Any]:
    """What Celery puts into an in-memory broker for the same task."""
    app = Celery("reference", broker="memory://", set_as_current=False)
    with app.connection_for_write() as connection:
        app.send_task(
            "deliver_sms", args=[[str(one) for one in IDS]], queue="send-sms-tasks", connection=connection,
            ignore_result=True, MessageGroupId=str(GROUP),
        )  # fmt: skip
        channel = connection.default_channel
        envelope: dict[str, Any] = channel._get("send-sms-tasks")
    return envelope


def test_the_envelope_has_every_part_that_celery_would_send() -> None:
    ours, theirs = decoded(encode(MESSAGE)), sent_by_celery()

    assert set(ours) == set(theirs)
    assert set(theirs["headers"]) <= set(ours["headers"])
    assert set(theirs["properties"]) <= set(ours["properties"])


def test_the_envelope_says_the_same_as_celery_would() -> None:
    ours, theirs = decoded(encode(MESSAGE)), sent_by_celery()
    # Random, or of the process that sent it, or deliberately less.
    own = {"id", "root_id", "origin", "argsrepr", "kwargsrepr"}

    assert {name: ours["headers"][name] for name in theirs["headers"].keys() - own} == {
        name: theirs["headers"][name] for name in theirs["headers"].keys() - own
    }
    assert ours["content-type"] == theirs["content-type"]
    assert ours["content-encoding"] == theirs["content-encoding"]
    for name in ("delivery_mode", "priority", "body_encoding", "MessageGroupId"):
        assert ours["properties"][name] == theirs["properties"][name]
    assert ours["properties"]["delivery_info"]["routing_key"] == "send-sms-tasks"


def test_the_one_argument_is_the_list_of_ids() -> None:
    assert json.loads(base64.b64decode(decoded(encode(MESSAGE))["body"])) == json.loads(
        base64.b64decode(sent_by_celery()["body"])
    )


def test_the_fairness_group_travels_where_the_task_can_read_it() -> None:
    assert decoded(encode(MESSAGE))["headers"]["notify_message_group_id"] == str(GROUP)


def test_nothing_is_held_back_in_the_memory_of_a_worker() -> None:
    assert decoded(encode(MESSAGE))["headers"]["eta"] is None


def test_a_message_sent_twice_is_two_tasks() -> None:
    first, second = decoded(encode(MESSAGE)), decoded(encode(MESSAGE))

    assert first["headers"]["id"] != second["headers"]["id"]
