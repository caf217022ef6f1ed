"""The embedded AWS (moto) and Redis, started as `notify dev` starts them."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from notify_adapters.embedded import (
    Child,
    ChildCommand,
    EmbeddedAws,
    EmbeddedPartError,
    EmbeddedRedis,
    free_port,
    free_ports,
)
from notify_adapters.embedded.redis import find_redis_server
from tests.integration.processes import running_groups


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    with EmbeddedAws(free_port(), tmp_path_factory.mktemp("aws") / "aws.log") as started:
        yield started


def client(aws: EmbeddedAws, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=aws.url,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def test_queues_keep_messages(aws: EmbeddedAws) -> None:
    sqs = client(aws, "sqs")
    queue = sqs.create_queue(QueueName="queue")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="body")

    assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "body"
    sqs.close()


def test_files_are_stored_without_waiting(aws: EmbeddedAws) -> None:
    s3 = client(aws, "s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    took = []
    for _ in range(3):
        started = time.monotonic()
        s3.put_object(Bucket="bucket", Key="key", Body=b"content" * 10_000)
        took.append(time.monotonic() - started)

    # Without "100 Continue" boto3 would wait a second, each time.
    assert min(took) < 0.9
    with s3.get_object(Bucket="bucket", Key="key")["Body"] as body:
        assert body.read() == b"content" * 10_000
    s3.close()


@pytest.mark.parametrize("identity", ["notify.example", "somebody@other.example"])
def test_a_verified_identity_may_send(aws: EmbeddedAws, identity: str) -> None:
    aws.verify_email_identity(identity)
    ses = client(aws, "sesv2")

    sent = ses.send_email(
        FromEmailAddress=f"Service <{identity if '@' in identity else 'service@' + identity}>",
        Destination={"ToAddresses": ["somebody@example.com"]},
        Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}},
    )

    assert sent["MessageId"]
    ses.close()


def test_the_environment_leads_boto3_there(aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> None:
    # A development system that ran in this process may have left addresses of single services, which go first.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    s3 = boto3.Session().client("s3")

    assert "Buckets" in s3.list_buckets()
    s3.close()


def test_a_taken_port_is_refused(aws: EmbeddedAws, tmp_path: Path) -> None:
    with pytest.raises(EmbeddedPartError, match="the port is taken"):
        EmbeddedAws(aws.port, tmp_path / "log").start()
    with pytest.raises(EmbeddedPartError, match="the port is taken"):
        EmbeddedRedis(tmp_path, aws.port).start()


def test_it_stops_at_once_even_with_idle_clients(tmp_path: Path) -> None:
    other = EmbeddedAws(free_port(), tmp_path / "log")
    other.start()
    idle = http.client.HTTPConnection("127.0.0.1", other.port)
    idle.connect()
    started = time.monotonic()
    other.stop()
    idle.close()

    assert time.monotonic() - started < 8, "it was not left until it is killed"
    assert not other.is_ready()
    with pytest.raises(EmbeddedPartError, match="was not ready after"):
        EmbeddedAws(other.port, tmp_path / "log").wait_until_ready(timeout=0.05)


@pytest.mark.skipif(find_redis_server() is None, reason="no Redis on this machine")
@pytest.mark.parametrize("durable", [False, True])
def test_redis_answers_and_keeps_what_it_was_told_to_keep(tmp_path: Path, durable: bool) -> None:
    import redis

    server = EmbeddedRedis(tmp_path / "redis", free_port(), durable=durable)
    for expected in (None, b"value" if durable else None):
        with server, redis.Redis.from_url(server.url) as connection:
            assert connection.get("key") == expected
            connection.set("key", "value")


def test_without_redis_nothing_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notify_adapters.embedded.redis.find_redis_server", lambda: None)
    server = EmbeddedRedis(tmp_path, free_port())

    assert server.command() is None
    assert server.start() is False
    server.stop()


def test_free_ports_differ() -> None:
    ports = free_ports(20)

    assert len(set(ports)) == 20
    for port in ports:
        with socket.socket() as server:
            server.bind(("127.0.0.1", port))


def test_a_child_that_dies_is_named_with_its_last_words(tmp_path: Path) -> None:
    command = ChildCommand(name="the test child", argv=("/bin/sh", "-c", "echo the reason; exit 3"))
    child = Child(command, tmp_path / "log")
    child.start()

    with pytest.raises(EmbeddedPartError) as refusal:
        child.wait_until(lambda: False, timeout=30)
    assert refusal.value.message == ("the test child ended with exit status 3.\nIts last words:\n    the reason")


def test_a_program_that_is_missing_is_named(tmp_path: Path) -> None:
    child = Child(ChildCommand(name="the test child", argv=("/no/such/program",)), tmp_path / "log")

    with pytest.raises(EmbeddedPartError, match=r"the test child cannot be started: .*/no/such/program"):
        child.start()


def test_a_child_that_will_not_stop_is_killed(tmp_path: Path) -> None:
    command = ChildCommand(name="stubborn", argv=("/bin/sh", "-c", "trap '' TERM; echo up; sleep 60 & wait; wait"))
    child = Child(command, tmp_path / "log")
    child.start()
    child.wait_until(lambda: (tmp_path / "log").read_text() == "up\n", timeout=30)

    child.stop(timeout=0.1)

    assert child.process is not None
    assert child.process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("trap", ["", "trap '' TERM; "])
def test_a_child_that_is_stopped_leaves_nobody_behind(tmp_path: Path, trap: str) -> None:
    """What ignores the signal would go on without anybody above it."""
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    grandchild = f"{sys.executable} -c '{deaf}'"
    child = Child(ChildCommand(name="parent", argv=("/bin/sh", "-c", f"{trap}{grandchild} & wait")), tmp_path / "log")
    child.start()
    child.wait_until(lambda: (tmp_path / "log").read_text() == "1\n", timeout=30)
    group = child.pid

    child.stop(timeout=0.5)

    deadline = time.monotonic() + 30
    while group in running_groups():
        assert time.monotonic() < deadline
        time.sleep(0.02)
