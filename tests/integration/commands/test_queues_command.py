"""`notify queues` against the queue simulator and moto: what it prints, what it changes, and how it ends."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest

from notify_adapters.embedded import free_port
from notify_adapters.embedded.aws import EmbeddedAws
from notify_adapters.sqs import SqsPublisher
from notify_core.outbox.condition import dead_letter_name
from notify_core.outbox.model import Queue, Task, TaskMessage
from tests.integration.command_line import typed
from tests.integration.simulator import a_simulator

REGION, ACCOUNT = "eu-west-1", "123456789012"
SETTINGS = {
    "NOTIFY_ENVIRONMENT": "test",
    "SQLALCHEMY_DATABASE_URI": "postgresql://nowhere/at_all",
    "NOTIFY_ENCRYPTION_KEYS": '{"k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}',
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "MMG_API_KEY": "key",
    "FIRETEXT_API_KEY": "key",
}
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module", params=["simulator", "moto"])
def sqs_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    logs = tmp_path_factory.mktemp("sqs")
    if request.param == "simulator":
        with a_simulator("sqs", logs=logs) as simulator:
            yield simulator.url
    else:
        with EmbeddedAws(free_port(), logs / "aws.log") as aws:
            yield aws.url


@pytest.fixture
def prefix() -> str:
    return f"{uuid4().hex[:8]}-"


@pytest.fixture
def notify(sqs_url: str, prefix: str) -> Run:
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "NOTIFY_"))}
    environment = mine | SETTINGS | {"AWS_ENDPOINT_URL_SQS": sqs_url, "NOTIFICATION_QUEUE_PREFIX": prefix}

    def run(*arguments: str, module: str = "notify_cli", **more: str) -> subprocess.CompletedProcess[str]:
        return typed(*arguments, environment=environment | more, module=module)

    return run


@pytest.fixture
def sqs(sqs_url: str) -> Any:
    return boto3.client(
        "sqs",
        endpoint_url=sqs_url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@pytest.fixture
def url_of(sqs_url: str, prefix: str) -> Callable[[str], str]:
    return lambda name: f"{sqs_url}/{ACCOUNT}/{prefix}{name}"


SENDER = ("--type", "api-worker-sender")


def test_queues_are_made_once_and_will_do(notify: Run) -> None:
    missing = notify("queues", "check", *SENDER)
    assert missing.returncode == 9
    assert "send-sms-tasks: does not exist; `notify queues create` makes it" in missing.stdout

    made = notify("queues", "create", *SENDER, "--json")
    assert json.loads(made.stdout) == {"created": [Queue.SEND_SMS, Queue.SEND_EMAIL]}
    assert json.loads(notify("queues", "create", *SENDER, "--json").stdout) == {"created": []}

    checked = notify("queues", "check", *SENDER)
    assert checked.returncode == 0, checked.stdout
    assert "All 2 queues will do." in checked.stdout


def test_what_is_wrong_is_told_by_the_check_and_by_a_worker(
    notify: Run, sqs: Any, url_of: Callable[[str], str], prefix: str
) -> None:
    notify("queues", "create", *SENDER)
    sqs.set_queue_attributes(QueueUrl=url_of(Queue.SEND_SMS), Attributes={"VisibilityTimeout": "30"})
    sqs.delete_queue(QueueUrl=url_of(dead_letter_name(Queue.SEND_EMAIL)))

    checked = notify("queues", "check", *SENDER, "--json")

    assert checked.returncode == 9
    found = json.loads(checked.stdout)
    assert not found["ok"]
    assert [(one["queue"], one["attribute"], one["now"]) for one in found["problems"]] == [
        (f"{prefix}send-sms-tasks", "VisibilityTimeout", "30"),
        (f"{prefix}send-email-tasks", "RedrivePolicy", f"{prefix}send-email-tasks-dead-letter"),
    ]
    worker = notify("worker", *SENDER, module="notify_worker")
    assert worker.returncode == 3
    for problem in found["problems"]:
        assert problem["sentence"] in worker.stderr


def test_dead_letters_that_would_be_forgotten_first_are_told(
    notify: Run, sqs: Any, url_of: Callable[[str], str]
) -> None:
    notify("queues", "create", *SENDER)
    aside = url_of(dead_letter_name(Queue.SEND_SMS))
    sqs.set_queue_attributes(QueueUrl=aside, Attributes={"MessageRetentionPeriod": "3600"})

    checked = notify("queues", "check", *SENDER)

    assert checked.returncode == 9
    assert "send-sms-tasks-dead-letter: set MessageRetentionPeriod to 1209600 or more, it is 3600" in checked.stdout


def test_dead_letters_are_counted_and_brought_back(
    notify: Run, sqs: Any, sqs_url: str, url_of: Callable[[str], str], prefix: str
) -> None:
    notify("queues", "create", *SENDER)
    group = uuid4()
    messages = [
        TaskMessage(task=Task.DELIVER_SMS, queue=Queue.SEND_SMS, subject_ids=(one,), entry_ids=(one,), group=group)
        for one in (uuid4() for _ in range(23))
    ]
    _put(sqs, sqs_url, prefix, messages, url_of(dead_letter_name(Queue.SEND_SMS)))
    for body in ("no task", "bm8gdGFzaw==", "e30="):
        sqs.send_message(QueueUrl=url_of(dead_letter_name(Queue.SEND_SMS)), MessageBody=body)

    assert _listed(notify, Queue.SEND_SMS) == (0, 26)
    some = notify("queues", "redrive", Queue.SEND_SMS, "--limit", "5", "--json")
    assert json.loads(some.stdout)[0]["moved"] == 5
    assert _listed(notify, Queue.SEND_SMS) == (5, 21)

    rest = json.loads(notify("queues", "redrive", Queue.SEND_SMS, "--json").stdout)

    assert rest == [{"queue": Queue.SEND_SMS, "moved": 18, "strange": 3, "refused": 0}]
    assert _listed(notify, Queue.SEND_SMS) == (23, 3)
    everything = json.loads(notify("queues", "redrive", "--all", "--json").stdout)
    assert {one["queue"] for one in everything} == set(Queue)
    assert sum(one["moved"] for one in everything) == 0
    (back,) = sqs.receive_message(QueueUrl=url_of(Queue.SEND_SMS), AttributeNames=["All"])["Messages"]
    assert back["Attributes"]["MessageGroupId"] == str(group)


def _put(sqs: Any, sqs_url: str, prefix: str, messages: list[TaskMessage], aside: str) -> None:
    """Publish messages as the relay does, and put them aside as SQS does with what nobody could do."""
    publisher = SqsPublisher(
        region=REGION, endpoint_url=sqs_url, account_id=ACCOUNT, prefix=prefix, message_groups=True
    )
    with pytest.MonkeyPatch.context() as environment:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "test")
        assert list(publisher.publish(messages)) == []
    source = f"{sqs_url}/{ACCOUNT}/{prefix}{Queue.SEND_SMS}"
    while received := sqs.receive_message(QueueUrl=source, MaxNumberOfMessages=10, AttributeNames=["All"]).get(
        "Messages"
    ):
        for one in received:
            sqs.send_message(
                QueueUrl=aside, MessageBody=one["Body"], MessageGroupId=one["Attributes"]["MessageGroupId"]
            )
            sqs.delete_message(QueueUrl=source, ReceiptHandle=one["ReceiptHandle"])


def _listed(notify: Run, queue: str) -> tuple[int, int]:
    """Return how many are visible on the queue, and dead."""
    table = notify("queues", "list", *SENDER)
    assert "Queues" in table.stdout
    found = {one["queue"]: one for one in json.loads(notify("queues", "list", *SENDER, "--json").stdout)}
    return found[queue]["visible"], found[queue]["dead"]


def test_what_the_guide_to_queues_tells_to_type_works(notify: Run) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "queues.md").read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"```sh\n(.*?)```", guide, flags=re.DOTALL) for line in block.splitlines()]
    assert len(lines) == 5
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "notify"
        ended = notify(*arguments)
        assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["redrive"], 2, "Give either a QUEUE or --all."),
        (["redrive", "send-sms-tasks", "--all"], 2, "Give either a QUEUE or --all."),
        (["redrive", "nonsense"], 2, "'nonsense' is not one of"),
        (["redrive", "--all", "--limit", "0"], 2, "--limit"),
        (["check", "--type", "nonsense"], 3, "There is no worker type 'nonsense'"),
    ],
)
def test_what_makes_no_sense_is_told(notify: Run, arguments: list[str], code: int, message: str) -> None:
    ended = notify("queues", *arguments)
    assert ended.returncode == code
    assert message in ended.stderr


def test_an_sqs_that_does_not_answer_is_unhealthy(notify: Run) -> None:
    ended = notify("queues", "list", AWS_ENDPOINT_URL_SQS=f"http://127.0.0.1:{free_port()}")
    assert ended.returncode == 9
    assert "SQS does not do what it is asked: EndpointConnectionError" in ended.stderr
