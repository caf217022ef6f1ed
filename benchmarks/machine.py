"""What the machine can do: the limits that everything else is compared with."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path

from notify_adapters.embedded import EmbeddedPostgres
from notify_adapters.embedded.postgres import find_binaries

_PREPARE = "CREATE TABLE IF NOT EXISTS bare_insert (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), word text)"
_INSERT = "INSERT INTO bare_insert (word) VALUES ('created');"


def insert_commits_per_second(postgres: EmbeddedPostgres, *, connections: int, seconds: int) -> float:
    """Measure single-row INSERT commits a second, prepared, into a table with only a primary key (pgbench)."""
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
