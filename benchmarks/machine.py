"""What the machine can do: the limits that everything else is compared with."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path

from notify_adapters.embedded import EmbeddedPostgres
from notify_adapters.embedded.postgres import find_binaries

# Plain tables with the columns and indexes of ours, and in them rows like those of a text.
_PREPARE = ";".join(
    f"CREATE TABLE IF NOT EXISTS bare_{table}"
    f" (LIKE {table} INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS INCLUDING INDEXES)"
    for table in ("notifications", "notification_contents", "outbox")
)
_INSERT = """
WITH new AS (SELECT uuidv7() AS id, uuidv7() AS entry_id, now() AS at, current_date + 8 AS expires_on),
facts AS (
    INSERT INTO bare_notifications (
        id, service_id, template_id, api_key_id, created_at, expires_on, template_version, billable_units, attempts,
        rate_multiplier, international, channel, key_type, status, country_prefix
    )
    SELECT id, '01a1fb67-1800-7000-8000-000000000001'::uuid, '01a1fb67-1800-7000-8000-000000000002'::uuid,
        '01a1fb67-1800-7000-8000-000000000003'::uuid, at, expires_on, 1, 0, 0, 1, false,
        'sms', 'normal', 'created', '44'
    FROM new
), contents AS (
    INSERT INTO bare_notification_contents (
        notification_id, expires_on, service_id, recipient, normalised_recipient, personalisation, reply_to_text
    )
    SELECT id, expires_on, '01a1fb67-1800-7000-8000-000000000001'::uuid, '07700 900123', '447700900123',
        '\\x0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789'::bytea,
        'DEMO'
    FROM new
)
INSERT INTO bare_outbox (id, task, queue, subject_id, group_id, available_at)
SELECT entry_id, 'deliver_sms', 'send-sms-tasks', id, '01a1fb67-1800-7000-8000-000000000001'::uuid, at FROM new;
"""


def insert_commits_per_second(postgres: EmbeddedPostgres, *, connections: int, seconds: int) -> float:
    """Measure how often a second the three rows of a text can be committed, with nothing around it (pgbench).

    One prepared statement for each, into three plain tables: what accepting comes to for the database alone.
    """
    binaries = find_binaries()
    environment = os.environ | {"LD_LIBRARY_PATH": str(binaries.parent / "lib")}
    _run([str(binaries / "psql"), "-q", "-c", _PREPARE, postgres.url], environment)
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory) / "insert.sql"
        script.write_text(_INSERT.strip().replace("\n", " "))
        options = ["-n", "-M", "prepared", "-f", str(script), "-c", str(connections), "-T", str(seconds)]
        output = _run(
            [str(binaries / "pgbench"), *options, "-j", str(min(connections, 2)), postgres.url], environment
        )
    found = re.search(r"tps = ([0-9.]+)", output)
    assert found, output
    return float(found[1])


def _run(command: list[str], environment: dict[str, str]) -> str:
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
