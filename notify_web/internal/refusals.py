"""What the internal API answers when it does not do what it was asked, in the forms its clients know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: A sentence, or for each field (or other thing) that is wrong the sentences about it.
Wrong = str | Mapping[str, Sequence[str] | Mapping[str, Any]]


class Refused(Exception):
    """The request is answered with this status, and `message` as it is: a text or an object."""

    def __init__(self, status: int, message: Wrong) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message


class BreaksSchema(Exception):
    """The body breaks its schema. `violations` are all the ways, each a sentence."""

    def __init__(self, violations: Sequence[str]) -> None:
        super().__init__(*violations)
        self.violations = tuple(violations)
