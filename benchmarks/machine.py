"""What the machine can do: the limits that everything else is compared with."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path

from notify_adapters.embedded import EmbeddedPostgres
from notify_adapters.embedded.postgres import find_binaries

_TABLES = ("bare_facts", "bare_contents", "bare_outbox")
_PREPARE = ";".join(
    f"CREATE TABLE IF NOT EXISTS {table} (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), word text)"
    for table in _TABLES
)
_INSERT = """
WITH facts AS (INSERT INTO bare_facts (word) VALUES ('created')),
    contents AS (INSERT INTO bare_contents (word) VALUES ('447700900123'))
INSERT INTO bare_outbox (word) VALUES ('deliver');
"""


def insert_commits_per_second(postgres: EmbeddedPostgres, *, connections: int, seconds: int) -> float:
    """Measure how often a second three small rows can be committed: one prepared statement, three tables (pgbench).

    Each table has a primary key and nothing else. That is what accepting a message comes to, without the message.
    """
    binaries = find_binaries()
    environment = os.environ | {"LD_LIBRARY_PATH": str(binaries.parent / "lib")}
    _run([str(binaries / "psql"), "-q", "-c", _PREPARE, postgres.url], environment)
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory) / "insert.sql"
        script.write_text(_INSERT)
        options = ["-n", "-M", "prepared", "-f", str(script), "-c", str(connections), "-T", str(seconds)]
        output = _run(
            [str(binaries / "pgbench"), *options, "-j", str(min(connections, 2)), postgres.url], environment
        )
    found = re.search(r"tps = ([0-9.]+)", output)
    assert found, output
    return float(found[1])


def _run(command: list[str], environment: dict[str, str]) -> str:
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
