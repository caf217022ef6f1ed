"""Messages accepted at the same time: stored together, and each told what became of it alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from sqlalchemy import Engine

from notify_adapters.memory import FixedClock
from notify_adapters.postgres import PostgresDatabase
from notify_adapters.postgres.acceptance import GroupedAcceptance
from notify_adapters.postgres.session import Mode, Session
from notify_core.errors import Conflict, InvalidContent
from notify_core.notifications.model import Message
from notify_core.unit_of_work import DatabaseUnavailable
from tests.integration.contracts.conftest import CIPHER, entry_for, ids_of, message_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SERVICE = UUID(int=5)
FEW, MANY = 8, 200


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def make(clock: FixedClock) -> Callable[..., Message]:
    new_id = ids_of(clock)
    return lambda **more: message_of(SERVICE, clock, new_id, **more)


class Gate:
    """Counts statements, and holds the first one up until it is opened, so that others gather behind it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.opened = Event()
        self.statements = 0

    @contextmanager
    def begin(self) -> Iterator[Session]:
        self.statements += 1
        if self.statements == 1:
            assert self.opened.wait(10)
        session = Session(self.engine, Mode.STATEMENT, lambda: None)
        try:
            yield session
        finally:
            session.end()


def accept_all(database: PostgresDatabase, messages: list[Message]) -> list[Exception | None]:
    """Accept each in a thread of its own, all at once, and return what each was told."""

    def accept(message: Message) -> Exception | None:
        try:
            with database.statement() as work:
                entry_id = UUID(int=message.notification.id.int + 1)
                work.notifications.accept(message, entry_for(message.notification.id, message, entry_id))
        except (Conflict, InvalidContent, DatabaseUnavailable) as error:
            return error
        return None

    with ThreadPoolExecutor(len(messages)) as pool:
        return list(pool.map(accept, messages))


def stored(database: PostgresDatabase, message: Message) -> bool:
    with database.statement() as work:
        return work.notifications.find(SERVICE, message.notification.id) == message


def gathered(engine: Engine, clock: FixedClock, messages: list[Message]) -> tuple[list[Any], Gate, PostgresDatabase]:
    """Accept the messages so that all but the first are stored together."""
    gate = Gate(engine)
    database = PostgresDatabase(engine, CIPHER, clock)
    together = GroupedAcceptance(gate.begin)
    database._accept = together
    results: list[Any] = []
    thread = Thread(target=lambda: results.extend(accept_all(database, messages)))
    thread.start()
    while len(together._waiting) < len(messages) - 1:
        assert thread.is_alive()
    gate.opened.set()
    thread.join()
    return results, gate, database


def test_who_comes_while_others_are_stored_goes_together(
    shared_engine: Engine, clock: FixedClock, make: Callable[..., Message]
) -> None:
    messages = [make() for _ in range(FEW)]
    results, gate, database = gathered(shared_engine, clock, messages)
    assert results == [None] * FEW
    assert gate.statements == 2
    assert all(stored(database, message) for message in messages)


def test_many_at_once_are_all_stored(shared_engine: Engine, clock: FixedClock, make: Callable[..., Message]) -> None:
    database = PostgresDatabase(shared_engine, CIPHER, clock)
    messages = [make() for _ in range(MANY)]
    assert accept_all(database, messages) == [None] * MANY
    assert all(stored(database, message) for message in messages)


@pytest.mark.parametrize("reference", ["a\0b", "a\ud800b"])
def test_one_that_cannot_be_stored_takes_nobody_down(
    shared_engine: Engine, clock: FixedClock, make: Callable[..., Message], reference: str
) -> None:
    messages = [make() for _ in range(FEW)]
    bad = evolve(messages[3], contents=evolve(messages[3].contents, client_reference=reference))
    database = PostgresDatabase(shared_engine, CIPHER, clock)
    if reference.isascii():
        results, _, database = gathered(shared_engine, clock, [*messages[:3], bad, *messages[4:]])
    else:
        results = accept_all(database, [*messages[:3], bad, *messages[4:]])
    assert [type(result) for result in results] == [
        InvalidContent if number == 3 else type(None) for number in range(FEW)
    ]
    assert [stored(database, message) for message in messages] == [number != 3 for number in range(FEW)]


def test_one_that_was_stored_before_takes_nobody_down(
    shared_engine: Engine, clock: FixedClock, make: Callable[..., Message]
) -> None:
    messages = [make() for _ in range(FEW)]
    assert accept_all(PostgresDatabase(shared_engine, CIPHER, clock), messages[:1]) == [None]
    results, _, database = gathered(shared_engine, clock, messages)
    assert sorted(str(type(result)) for result in results) == sorted([str(Conflict), *[str(type(None))] * (FEW - 1)])
    assert all(stored(database, message) for message in messages)


def test_without_a_database_everybody_hears_so(clock: FixedClock, make: Callable[..., Message]) -> None:
    from notify_adapters.embedded import free_port
    from notify_adapters.postgres import make_engine

    nowhere = make_engine(
        f"postgresql+psycopg://127.0.0.1:{free_port()}/x",
        pool_size=2,
        statement_timeout_ms=1000,
        application_name="nowhere",
    )
    results, _, _ = gathered(nowhere, clock, [make() for _ in range(FEW)])
    assert [type(result) for result in results] == [DatabaseUnavailable] * FEW
    assert len({id(result) for result in results}) == FEW, "each has an error of its own"
    nowhere.dispose()


def test_who_stores_for_others_and_is_interrupted_leaves_nobody_waiting(
    shared_engine: Engine, clock: FixedClock, make: Callable[..., Message]
) -> None:
    class Interrupted(BaseException):
        pass

    gate = Gate(shared_engine)

    @contextmanager
    def begin() -> Iterator[Session]:
        with gate.begin() as session:
            if gate.statements == 2:
                raise Interrupted
            yield session

    together = GroupedAcceptance(begin)
    database = PostgresDatabase(shared_engine, CIPHER, clock)
    database._accept = together
    outcomes: list[str] = []

    def accept(message: Message) -> None:
        try:
            outcomes.append(type(accept_all(database, [message])[0]).__name__)
        except Interrupted:
            outcomes.append("Interrupted")

    threads = [Thread(target=accept, args=(make(),)) for _ in range(FEW)]
    for thread in threads:
        thread.start()
    while len(together._waiting) < FEW - 1:
        assert any(thread.is_alive() for thread in threads)
    gate.opened.set()
    for thread in threads:
        thread.join(10)
    assert sorted(outcomes) == sorted(["NoneType", "Interrupted", *["DatabaseUnavailable"] * (FEW - 2)])
    assert accept_all(database, [make()]) == [None], "the next one is stored as ever"
