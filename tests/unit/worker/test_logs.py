from __future__ import annotations

import logging

import structlog

from notify_worker.logs import WithoutArguments

SECRET = "someone@example.com"


def test_a_library_may_say_what_is_wrong_but_not_with_what() -> None:
    error = KeyError(SECRET)
    record = logging.LogRecord(
        "celery.worker",
        logging.ERROR,
        __file__,
        1,
        "Task %s failed: %r\nbody: %s",
        ("a-task", error, SECRET),
        (KeyError, error, None),
    )

    with structlog.testing.capture_logs() as lines:
        WithoutArguments().emit(record)

    (line,) = lines
    assert line["message"] == "Task %s failed: %r"
    assert line["errors"] == ["KeyError", "KeyError"]
    assert SECRET not in repr(line)
