"""What can be made to go wrong.

`PUT /_simulator/faults` takes any of these:

    {"duplicate_probability": 0.1,     a message sent is put in twice, with the same MessageId
     "reorder": true,                  messages are received in random order
     "extra_delay": 2.5,               seconds that every message sent is delayed beyond what it asks for
     "drop_receive_probability": 0.1,  messages are taken, but the answer is lost: the connection closes
     "lost_send_probability": 0.1,     messages are put in, but the answer is lost, so the sender sends again
     "outage": "error" | "drop",       every call is answered 503, or its connection is closed
     "seconds": 5}                     when all this ends by itself; without, when it is cleared

A PUT replaces what was ordered before.
"""

from __future__ import annotations

import random
import time
from typing import Any

from attrs import define, field, fields

OUTAGES = ("", "error", "drop")


class NotAFault(ValueError):
    """What was ordered makes no sense; the text says why."""


@define
class Faults:
    """What goes wrong now. `until` is `time.monotonic()`, 0 for no end."""

    duplicate_probability: float = 0.0
    reorder: bool = False
    extra_delay: float = 0.0
    drop_receive_probability: float = 0.0
    lost_send_probability: float = 0.0
    outage: str = ""
    until: float = field(default=0.0, repr=False)

    def are_over(self) -> bool:
        """Say whether the time for which the faults were ordered is over."""
        return 0.0 < self.until <= time.monotonic()

    def duplicates(self) -> bool:
        """Decide whether the message being sent is put in twice."""
        return _chance(self.duplicate_probability)

    def loses_answer_to(self, operation: str) -> bool:
        """Decide whether the answer to this call is lost."""
        if operation == "ReceiveMessage":
            return _chance(self.drop_receive_probability)
        return operation in {"SendMessage", "SendMessageBatch"} and _chance(self.lost_send_probability)

    def as_json(self) -> dict[str, object]:
        """Return what goes wrong, and for how many seconds more."""
        shown: dict[str, object] = {one.name: getattr(self, one.name) for one in fields(Faults)}
        del shown["until"]
        left = round(self.until - time.monotonic(), 3) if self.until else None
        return shown | {"seconds": left}


def parse_faults(value: Any) -> Faults:
    """Read the body of the control call; NotAFault when it is not as described above."""
    if not isinstance(value, dict):
        raise NotAFault("the body must be a JSON object")
    known = {one.name: one.default for one in fields(Faults) if one.name != "until"}
    if unknown := set(value) - set(known) - {"seconds"}:
        raise NotAFault(f"unknown: {', '.join(sorted(unknown))}; known are {', '.join(known)}, seconds")
    seconds = value.get("seconds")
    ordered = {name: given for name, given in value.items() if name != "seconds"}
    ordered["outage"] = ordered.get("outage") or ""
    _check(ordered, seconds)
    return Faults(**ordered, until=time.monotonic() + seconds if seconds is not None else 0.0)


def _check(ordered: dict[str, Any], seconds: Any) -> None:
    if ordered["outage"] not in OUTAGES:
        raise NotAFault("outage must be error or drop")
    for name in ("duplicate_probability", "drop_receive_probability", "lost_send_probability"):
        if not _is_number(ordered.get(name, 0), 1):
            raise NotAFault(f"{name} must be between 0 and 1")
    if not _is_number(ordered.get("extra_delay", 0), 900):
        raise NotAFault("extra_delay must be between 0 and 900 seconds")
    if seconds is not None and not _is_number(seconds, 86_400):
        raise NotAFault("seconds must be between 0 and 86400")


def _is_number(value: object, largest: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= largest


def _chance(probability: float) -> bool:
    return probability > 0 and random.random() < probability  # noqa: S311 - no secret
