"""What is told of retention: days and counts, and errors for what somebody should look at."""

from __future__ import annotations

from datetime import date

from structlog.testing import capture_logs

from notify_adapters.logging import StructuredRetentionLog, tell_of_rows_astray
from notify_core.retention.model import Applied, ExpiredDay, Kind

DAY = ExpiredDay(date(2026, 11, 21), Kind.CONTENTS)


def test_a_run_that_did_something_is_told_and_one_that_did_not_is_not() -> None:
    with capture_logs() as lines:
        StructuredRetentionLog().applied(Applied())
        StructuredRetentionLog().applied(Applied(dropped=(DAY,), swept={Kind.TEXTS: 2}))
    [line] = lines
    assert (line["event"], line["log_level"]) == ("retention applied", "info")
    assert (line["dropped"], line["swept"]) == (["notification_contents 2026-11-21"], {"inbound_sms": 2})


def test_what_could_not_be_done_is_an_error() -> None:
    with capture_logs() as lines:
        StructuredRetentionLog().given_up([DAY])
        StructuredRetentionLog().files_failed("S3 refused: SlowDown", 3)
        tell_of_rows_astray({"callbacks": 7})
        tell_of_rows_astray({})
    assert [line["log_level"] for line in lines] == ["error"] * 3
    assert [line["event"] for line in lines] == [
        "retention left to the next night",
        "letters' files left to the next night",
        "rows without a partition of their own",
    ]
    assert (lines[0]["held"], lines[1]["letters"], lines[2]["rows"]) == (
        ["notification_contents 2026-11-21"],
        3,
        {"callbacks": 7},
    )
