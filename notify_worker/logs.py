"""What Celery and its libraries may say: that something is wrong, never with which arguments."""

from __future__ import annotations

import logging

import structlog

# billiard's logger is called multiprocessing.
LIBRARIES = ("celery", "kombu", "multiprocessing", "amqp", "vine")


class WithoutArguments(logging.Handler):
    """Passes a library's message on as it stands in its source, with the kinds of its errors, but not its values.

    Celery quotes message bodies and task arguments when it complains.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        values = record.args if isinstance(record.args, tuple) else ()
        errors = [type(value).__name__ for value in values if isinstance(value, BaseException)]
        if record.exc_info and record.exc_info[0] is not None:
            errors.append(record.exc_info[0].__name__)
        structlog.get_logger().log(
            record.levelno,
            "library",
            logger=record.name,
            message=str(record.msg).strip().partition("\n")[0],
            errors=errors,
        )


class OwnMessages(logging.Handler):
    """Passes our own modules' messages on in full: they hold nothing personal."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        structlog.get_logger().log(record.levelno, record.getMessage(), logger=record.name)


def quieten_libraries(**_: object) -> None:
    """Take the place of Celery's own set-up of logs. A receiver of its `setup_logging` signal."""
    for name in LIBRARIES:
        _direct(name, WithoutArguments())
    _direct("notify_worker", OwnMessages())


def _direct(name: str, handler: logging.Handler) -> None:
    logger = logging.getLogger(name)
    logger.handlers = [handler]
    logger.setLevel(logging.WARNING)
    logger.propagate = False
