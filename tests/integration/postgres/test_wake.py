"""The bell: rung after commits, heard by relays, never in anybody's way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from threading import Thread
from time import monotonic, sleep

import psycopg
import pytest
from sqlalchemy import Engine

from notify_adapters.embedded import EmbeddedPostgres, free_port
from notify_adapters.encryption import AesGcmCipher
from notify_adapters.memory import FixedClock
from notify_adapters.postgres import OutboxBell, OutboxListener, PostgresDatabase
from notify_core.identifiers import uuid7
from notify_core.outbox.model import OutboxEntry, Queue, Task


@pytest.fixture
def bell(own_url: str) -> Iterator[OutboxBell]:
    bell = OutboxBell(own_url)
    yield bell
    bell.close()


@pytest.fixture
def listener(own_url: str) -> Iterator[OutboxListener]:
    listener = OutboxListener(own_url)
    assert listener.wait(5), "what happened before it listened is not known"
    yield listener
    listener.close()


def test_a_ring_is_heard_at_once(bell: OutboxBell, listener: OutboxListener) -> None:
    bell.ring()
    start = monotonic()
    assert listener.wait(30)
    assert monotonic() - start < 10


def test_without_a_ring_the_time_passes(listener: OutboxListener) -> None:
    start = monotonic()
    assert not listener.wait(0.2)
    assert 0.15 < monotonic() - start < 10


def test_a_ring_before_the_wait_counts(bell: OutboxBell, listener: OutboxListener) -> None:
    bell.ring()
    sleep(0.3)
    assert listener.wait(5)
    assert not listener.wait(0.1)


def test_ringing_takes_no_time_and_many_rings_are_few_calls(
    bell: OutboxBell, listener: OutboxListener, own_url: str
) -> None:
    with psycopg.connect(own_url.replace("+psycopg", ""), autocommit=True) as other:
        other.execute("LISTEN outbox")
        start = monotonic()
        for _ in range(10_000):
            bell.ring()
        took = monotonic() - start
        calls = sum(1 for _ in other.notifies(timeout=1))
    assert 1 <= calls <= took / 0.01 + 3


def test_closing_tells_what_is_still_to_be_told(own_url: str, listener: OutboxListener) -> None:
    bell = OutboxBell(own_url)
    bell.ring()
    bell.close()
    assert listener.wait(5)
    bell.ring()
    assert listener.wait(5), "rung again, it starts again"
    bell.close()
    bell.close()


def test_both_survive_a_restart(own_server: EmbeddedPostgres) -> None:
    url = own_server.url.replace("postgresql://", "postgresql+psycopg://")
    bell, listener = OutboxBell(url), OutboxListener(url)
    assert listener.wait(5)
    bell.ring()
    assert listener.wait(5)
    own_server.stop()
    bell.ring()
    assert not listener.wait(0.1)
    assert not listener.wait(0.1)
    own_server.start()
    assert listener.wait(5), "it may have missed something"
    while listener.wait(1.0):
        pass
    bell.ring()
    assert listener.wait(5)
    bell.close()
    listener.close()


def test_nothing_there_is_nobodys_trouble() -> None:
    url = f"postgresql+psycopg://notify@127.0.0.1:{free_port()}/notify"
    bell, listener = OutboxBell(url), OutboxListener(url)
    bell.ring()
    start = monotonic()
    assert not listener.wait(0.2)
    assert 0.15 < monotonic() - start < 10
    bell.close()
    listener.close()


def test_a_forked_child_rings_for_itself(bell: OutboxBell, listener: OutboxListener) -> None:
    bell.ring()
    assert listener.wait(5)
    child = os.fork()
    if child == 0:
        bell.ring()
        bell.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert listener.wait(5)
    bell.ring()
    assert listener.wait(5)


def test_a_listener_is_closed_while_it_waits(own_url: str) -> None:
    listener = OutboxListener(own_url)
    listener.wait(1)
    waiting = Thread(target=listener.wait, args=(30,))
    waiting.start()
    sleep(0.1)
    listener.close()
    waiting.join(3)
    assert not waiting.is_alive()


def test_the_bell_is_rung_after_commits_that_promise(own_engine: Engine, clock: FixedClock) -> None:
    rung: list[int] = []
    database = PostgresDatabase(
        own_engine, AesGcmCipher({"test": b"k" * 32}), clock, wake=lambda: rung.append(_committed(own_engine))
    )
    with database.statement() as work:
        work.outbox.add([_entry(clock, 1)])
        assert rung == [1]
        work.outbox.add([])
        work.outbox.count()
    with database.begin() as work:
        work.outbox.add([_entry(clock, 2), _entry(clock, 3)])
        assert rung == [1]
        work.commit()
        assert rung == [1, 3]
        work.commit()
    with database.begin() as work:
        work.outbox.add([_entry(clock, 4)])
    assert rung == [1, 3]


def _committed(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM outbox").scalar_one())


def _entry(clock: FixedClock, number: int) -> OutboxEntry:
    return OutboxEntry(
        id=uuid7(clock(), number),
        task=Task.DELIVER_SMS,
        queue=Queue.SEND_SMS,
        subject_id=uuid7(clock(), number),
        available_at=clock() + timedelta(seconds=number),
    )
