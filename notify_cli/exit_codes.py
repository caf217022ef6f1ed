"""What the exit code of `notify` means. Scripts rely on these; docs/operators.md lists them."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """0 is success; 2 is click's own, for a command line that cannot be understood."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    CONFIGURATION = 3
    NOT_FOUND = 4
    REFUSED = 5
    UNAVAILABLE = 6
    PART_FAILED = 7
    NOT_DELIVERED = 8
    UNHEALTHY = 9
    UNFINISHED = 10
    INTERRUPTED = 130
