"""A task as Celery expects it on the wire: message protocol 2, in kombu's envelope for SQS.

Built here rather than by Celery, so that the relay can send ten messages a call. `tests/unit/worker` holds it
against what Celery itself would send.
"""

from __future__ import annotations

import base64
import os
import socket
from collections.abc import Sequence
from uuid import UUID, uuid4

import orjson

from notify_core.outbox.model import TaskMessage

# Celery's workflows, of which we use none.
_EMBED = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}


def encode(message: TaskMessage) -> str:
    """Return the body of the SQS message for a task. It holds ids, and nothing else about anyone."""
    task_id = str(uuid4())
    group = None if message.group is None else str(message.group)
    envelope = {
        "body": _arguments(message.subject_ids),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": _headers(message, task_id, group),
        "properties": _properties(message, task_id, group),
    }
    return base64.b64encode(orjson.dumps(envelope)).decode("ascii")


def _arguments(subject_ids: Sequence[UUID]) -> str:
    """One positional argument: the list of ids."""
    return base64.b64encode(orjson.dumps([[subject_ids], {}, _EMBED])).decode("ascii")


def _headers(message: TaskMessage, task_id: str, group: str | None) -> dict[str, object]:
    return {
        "lang": "py",
        "task": str(message.task),
        "id": task_id,
        "root_id": task_id,
        "parent_id": None,
        "shadow": None,
        "eta": None,
        "expires": None,
        "group": None,
        "group_index": None,
        "retries": 0,
        "timelimit": [None, None],
        "argsrepr": f"([{len(message.subject_ids)} ids],)",
        "kwargsrepr": "{}",
        "origin": f"gen{os.getpid()}@{socket.gethostname()}",
        "ignore_result": True,
        "replaced_task_nesting": 0,
        "stamped_headers": None,
        "stamps": {},
        "notify_request_id": None,
        "notify_message_group_id": group,
    }


def _properties(message: TaskMessage, task_id: str, group: str | None) -> dict[str, object]:
    properties: dict[str, object] = {
        "correlation_id": task_id,
        "reply_to": "",
        "delivery_mode": 2,
        "priority": 0,
        "body_encoding": "base64",
        "delivery_info": {"exchange": "", "routing_key": str(message.queue)},
        "delivery_tag": task_id,
    }
    if group is not None:
        properties["MessageGroupId"] = group
    return properties
