"""The embedded PostgreSQL: a real server, stopped, killed, moved to awkward places."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from notify_adapters.embedded import EmbeddedPartError, EmbeddedPostgres, free_port
from notify_adapters.embedded.postgres import MAJOR_VERSION


def value(server: EmbeddedPostgres, query: str) -> object:
    with psycopg.connect(server.url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
    return row[0] if row else None


def is_alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return status != "Z"


def wait_until_dead(pid: int, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while is_alive(pid):
        assert time.monotonic() < deadline, f"process {pid} is still alive"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedPostgres:
    """A data directory that several tests use, one after the other."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("made") / "data", free_port(), durable=False)
    assert server.initialise()
    return server


@pytest.fixture
def running(made: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    with made:
        yield made


def test_it_is_a_postgresql_that_belongs_to_notify(running: EmbeddedPostgres) -> None:
    assert str(value(running, "SHOW server_version")).startswith(f"{MAJOR_VERSION}.")
    assert value(running, "SELECT current_database() || current_user") == "notifynotify"
    assert value(running, "SHOW timezone") == "UTC"
    assert value(running, "SHOW server_encoding") == "UTF8"
    assert value(running, "SELECT lower('ÄÖ') || upper('ß')") == "äöß"
    assert value(running, "SELECT usesuper FROM pg_user WHERE usename = 'notify'") is False
    assert running.pid > 0


def test_the_owner_can_make_databases_and_change_what_is_in_its_own(running: EmbeddedPostgres) -> None:
    with psycopg.connect(running.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE another")
        connection.execute("CREATE TABLE thing (id int PRIMARY KEY)")
        connection.execute("DROP TABLE thing")
    with psycopg.connect(running.url_of("another")) as connection:
        connection.execute("CREATE TABLE thing (id int PRIMARY KEY)")
    with psycopg.connect(running.url, autocommit=True) as connection:
        connection.execute("DROP DATABASE another")


def test_the_superuser_is_not_reached_over_the_network(running: EmbeddedPostgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="pg_hba"):
        psycopg.connect(running.url.replace("notify@", "postgres@"))


def test_durability_is_on_unless_told_otherwise(made: EmbeddedPostgres) -> None:
    durable = EmbeddedPostgres(made.data_dir, free_port())
    with durable:
        assert value(durable, "SHOW fsync") == value(durable, "SHOW synchronous_commit") == "on"
    with made:
        assert value(made, "SHOW fsync") == value(made, "SHOW full_page_writes") == "off"


def test_what_was_written_survives_a_kill_and_nothing_hinders_the_restart(made: EmbeddedPostgres) -> None:
    server = EmbeddedPostgres(made.data_dir, free_port())
    with server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (id int)")
            connection.execute("INSERT INTO kept VALUES (1)")
        os.kill(server.pid, signal.SIGKILL)
        server.stop()
        assert (server.data_dir / "postmaster.pid").exists()

        server.start()

        assert value(server, "SELECT count(*) FROM kept") == 1


def test_a_lock_left_behind_whose_process_id_is_now_another_programs_is_no_hindrance(
    made: EmbeddedPostgres,
) -> None:
    (made.data_dir / "postmaster.pid").write_text(f"{os.getpid()}\n{made.data_dir}\n1\n5432\n\n127.0.0.1\n")

    with made:
        assert value(made, "SELECT 1") == 1


def test_two_servers_on_one_directory_are_refused(running: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notify_adapters.embedded.postgres.OLD_SERVER_SECONDS", 0.0)

    with pytest.raises(EmbeddedPartError, match="already running"):
        EmbeddedPostgres(running.data_dir, free_port()).command()


def test_initialising_twice_changes_nothing(made: EmbeddedPostgres) -> None:
    assert made.initialise() is False


def test_an_interrupted_first_start_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    unfinished = tmp_path / "data.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text(str(MAJOR_VERSION))

    assert EmbeddedPostgres(tmp_path / "data", free_port()).initialise()
    assert not unfinished.exists()


def test_a_directory_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("15\n")

    with pytest.raises(EmbeddedPartError, match=f"made by PostgreSQL 15, and this is {MAJOR_VERSION}"):
        EmbeddedPostgres(tmp_path, free_port()).start()


def test_a_directory_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")

    with pytest.raises(EmbeddedPartError, match="holds no PostgreSQL data"):
        EmbeddedPostgres(tmp_path, free_port()).initialise()
    assert (tmp_path / "letter.txt").exists()


def test_a_taken_port_is_refused(made: EmbeddedPostgres) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = EmbeddedPostgres(made.data_dir, taken.getsockname()[1])

        with pytest.raises(EmbeddedPartError, match="the port is taken"):
            server.start()


def test_a_server_that_cannot_start_shows_its_last_words(made: EmbeddedPostgres) -> None:
    server = EmbeddedPostgres(made.data_dir, free_port(), settings={"shared_buffers": "nonsense"})

    with pytest.raises(EmbeddedPartError, match="shared_buffers") as refusal:
        server.start()
    assert "ended with exit status" in refusal.value.message


def test_a_private_directory_stays_unlisted(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)

    with EmbeddedPostgres(private / "data", free_port(), durable=False) as server:
        assert value(server, "SELECT 1") == 1

    assert private.stat().st_mode & 0o066 == 0
    assert server.data_dir.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends children with their parent")
def test_the_server_dies_with_a_killed_parent(made: EmbeddedPostgres) -> None:
    program = (
        "import sys, time\n"
        "from notify_adapters.embedded import EmbeddedPostgres\n"
        f"server = EmbeddedPostgres({str(made.data_dir)!r}, {made.port})\n"
        "server.start()\n"
        "print(server.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen((sys.executable, "-c", program), stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.kill()

    wait_until_dead(pid)
    with made:
        assert value(made, "SELECT 1") == 1
