"""`python -m notify_worker worker|beat`: what `notify worker` and `notify beat` become."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from notify_adapters.settings import read_settings
from notify_core.errors import ConfigurationError
from notify_core.outbox.worker_types import EVERY_QUEUE
from notify_worker.app import EXIT_CONFIGURATION
from notify_worker.run import run_beat, run_worker


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a part of the system, with settings from the environment, and return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        settings = read_settings(os.environ)
        if options.part == "beat":
            return run_beat(settings)
        return run_worker(settings, options.type, options.concurrency)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_CONFIGURATION


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m notify_worker", description="Run a worker, or beat.")
    parts = parser.add_subparsers(dest="part", required=True)
    worker = parts.add_parser("worker", help="do tasks as they come")
    worker.add_argument("--type", default=EVERY_QUEUE, help="which queues to serve (default: all)")
    worker.add_argument("--concurrency", type=_at_least_one, help="how many processes (default: CONCURRENCY, or 4)")
    parts.add_parser("beat", help="start periodic tasks; there must be exactly one")
    return parser


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


if __name__ == "__main__":
    sys.exit(main())
