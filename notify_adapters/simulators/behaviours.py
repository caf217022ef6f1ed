"""What a simulated provider can be told to do with a message.

Every message to a recipient is treated by the first of these that says something:

1. what the control API was told for this recipient (`PUT /_simulator/behaviours/{recipient}`), for the
next so
   many messages or until it is told otherwise;
2. the recipient's magic ending or address, so that a person can try things by hand;
3. the server's default (`PUT /_simulator/default`, `--behaviour`): `delivered` at first.

| behaviour           | the answer to the request            | receipts that follow                         |
|---------------------|--------------------------------------|----------------------------------------------|
| `delivered`         | accepted                             | delivered                                    |
| `temporary`         | accepted                             | could not be delivered for now (soft bounce) |
| `permanent`         | accepted                             | can never be delivered (hard bounce)         |
| `slow`              | accepted, after `seconds`            | delivered                                    |
| `no-receipt`        | accepted                             | none                                         |
| `duplicate-receipts`| accepted                             | delivered, twice                             |
| `late-receipt`      | accepted                             | delivered, after `seconds`                   |
| `unknown-status`    | accepted                             | one with a status nobody has heard of        |
| `lost-answer`       | accepted, but the connection closes  | delivered                                    |
| `fail`              | HTTP 500, not accepted               | none                                         |
| `refuse`            | the connection closes, not accepted  | none                                         |
| `nonsense`          | HTTP 200, not JSON, not accepted     | none                                         |

Email only:

| behaviour           | the answer to the request            | receipts that follow                         |
|---------------------|--------------------------------------|----------------------------------------------|
| `complaint`         | accepted                             | delivered, then a complaint                  |
| `forged-receipt`    | accepted                             | delivered, with a signature that is not ours |
| `throttled`         | 429 TooManyRequestsException         | none                                         |
| `rejected`          | 400 MessageRejected                  | none                                         |

Documents have no receipts, and know only `delivered` (taken), `slow`, `lost-answer`, `fail`, `refuse` and `nonsense`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from attrs import define, evolve, field, frozen


class Behaviour(StrEnum):
    """See the table in this module's docstring."""

    DELIVERED = "delivered"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    SLOW = "slow"
    NO_RECEIPT = "no-receipt"
    DUPLICATE_RECEIPTS = "duplicate-receipts"
    LATE_RECEIPT = "late-receipt"
    UNKNOWN_STATUS = "unknown-status"
    LOST_ANSWER = "lost-answer"
    FAIL = "fail"
    REFUSE = "refuse"
    NONSENSE = "nonsense"
    COMPLAINT = "complaint"
    FORGED_RECEIPT = "forged-receipt"
    THROTTLED = "throttled"
    REJECTED = "rejected"


EMAIL_ONLY = frozenset({Behaviour.COMPLAINT, Behaviour.FORGED_RECEIPT, Behaviour.THROTTLED, Behaviour.REJECTED})
SMS_BEHAVIOURS = frozenset(Behaviour) - EMAIL_ONLY
EMAIL_BEHAVIOURS = frozenset(Behaviour)
#: Of documents, whose "recipient" is the service. There are no receipts for them.
DOCUMENT_BEHAVIOURS = frozenset(
    {
        Behaviour.DELIVERED,
        Behaviour.SLOW,
        Behaviour.LOST_ANSWER,
        Behaviour.FAIL,
        Behaviour.REFUSE,
        Behaviour.NONSENSE,
    }
)

DEFAULT_SECONDS: Mapping[Behaviour, float] = {Behaviour.SLOW: 5.0, Behaviour.LATE_RECEIPT: 30.0}

#: Endings of numbers in the range that Ofcom keeps free for drama, 07700 900000 to 900999.
MAGIC_ENDINGS: Mapping[str, Behaviour] = {
    "7700900002": Behaviour.PERMANENT,
    "7700900003": Behaviour.TEMPORARY,
    "7700900004": Behaviour.FAIL,
    "7700900005": Behaviour.REFUSE,
    "7700900006": Behaviour.SLOW,
    "7700900007": Behaviour.NONSENSE,
    "7700900008": Behaviour.NO_RECEIPT,
    "7700900009": Behaviour.DUPLICATE_RECEIPTS,
    "7700900010": Behaviour.LATE_RECEIPT,
    "7700900011": Behaviour.UNKNOWN_STATUS,
    "7700900012": Behaviour.LOST_ANSWER,
}
ENDING_LENGTH = 10

#: Amazon's own test addresses: the part before the `@` and before any `+label`.
AMAZON_ADDRESSES: Mapping[str, Behaviour] = {
    "success": Behaviour.DELIVERED,
    "bounce": Behaviour.PERMANENT,
    "suppressionlist": Behaviour.PERMANENT,
    "ooto": Behaviour.DELIVERED,
    "complaint": Behaviour.COMPLAINT,
}
AMAZON_DOMAIN = "simulator.amazonses.com"
#: Any behaviour by name, `throttled@simulator.notify`, and the two names of the original's simulator.
OUR_DOMAIN = "simulator.notify"
OUR_ALIASES = {"temp-fail": Behaviour.TEMPORARY, "perm-fail": Behaviour.PERMANENT}


@frozen
class Plan:
    """How to treat a message. `times` counts the messages it is still for; None is without end."""

    behaviour: Behaviour
    seconds: float
    times: int | None = None

    def as_json(self) -> dict[str, object]:
        """Return it in the form of the control API."""
        return {"behaviour": self.behaviour, "seconds": self.seconds, "times": self.times}


class NotABehaviour(ValueError):
    """What the control API was told makes no sense; the text says why."""


def parse_plan(value: object, allowed: frozenset[Behaviour]) -> Plan:
    """Read `{"behaviour": name, "seconds": number?, "times": number?}`; NotABehaviour when it is not that."""
    if not isinstance(value, dict):
        raise NotABehaviour("the body must be a JSON object with a behaviour")
    if value.get("behaviour") not in allowed:
        raise NotABehaviour(f"behaviour must be one of {', '.join(sorted(allowed))}")
    behaviour = Behaviour(value["behaviour"])
    seconds = value.get("seconds", DEFAULT_SECONDS.get(behaviour, 0.0))
    times = value.get("times")
    if not isinstance(seconds, int | float) or seconds < 0:
        raise NotABehaviour("seconds must be a number, 0 or more")
    if times is not None and (not isinstance(times, int) or times < 1):
        raise NotABehaviour("times must be a whole number, 1 or more")
    return Plan(behaviour, float(seconds), times)


def magic_number(number: str) -> Behaviour | None:
    """Return what the ending of a phone number asks for."""
    return MAGIC_ENDINGS.get(number[-ENDING_LENGTH:])


def magic_address(address: str) -> Behaviour | None:
    """Return what an email address asks for."""
    local, _, domain = address.partition("@")
    name = local.partition("+")[0]
    if domain == AMAZON_DOMAIN:
        return AMAZON_ADDRESSES.get(name)
    if domain == OUR_DOMAIN:
        return OUR_ALIASES.get(name) or (Behaviour(name) if name in EMAIL_BEHAVIOURS else None)
    return None


def number_key(number: str) -> str:
    """Bring a phone number to the form in which behaviours are looked up: 447700900123."""
    if number.isdigit() and number[0] != "0":
        return number
    digits = "".join(character for character in number if character.isdigit())
    if digits.startswith("00"):
        return digits[2:]
    return f"44{digits[1:]}" if digits.startswith("0") else digits


def address_key(address: str) -> str:
    """Bring an email address to the form in which behaviours are looked up."""
    return address.strip().lower()


@define
class Behaviours:
    """What one simulator was told to do. Recipients are given in any form and brought to one by `key_of`."""

    allowed: frozenset[Behaviour]
    key_of: Callable[[str], str]
    magic: Callable[[str], Behaviour | None]
    default: Plan = Plan(Behaviour.DELIVERED, 0.0)
    _told: dict[str, Plan] = field(factory=dict)

    def take(self, recipient: str) -> Plan:
        """Return how to treat the next message to this recipient, and count it."""
        key = self.key_of(recipient)
        if self._told and (plan := self._told.get(key)):
            self._count_down(key, plan)
            return plan
        if behaviour := self.magic(key):
            return Plan(behaviour, DEFAULT_SECONDS.get(behaviour, 0.0))
        return self._take_default()

    def tell(self, recipient: str, plan: Plan) -> None:
        """Treat the messages to this recipient so from now on."""
        self._told[self.key_of(recipient)] = plan

    def forget(self, recipient: str | None = None) -> int:
        """Forget what was told for one recipient, or for all; return for how many."""
        keys = list(self._told) if recipient is None else [self.key_of(recipient)]
        return sum(self._told.pop(key, None) is not None for key in keys)

    def told(self) -> dict[str, dict[str, object]]:
        """Return everything that was told, by recipient."""
        return {key: plan.as_json() for key, plan in self._told.items()}

    def reset_default(self) -> None:
        """Deliver again what nothing else is said about."""
        self.default = Plan(Behaviour.DELIVERED, 0.0)

    def _count_down(self, key: str, plan: Plan) -> None:
        if plan.times == 1:
            del self._told[key]
        elif plan.times is not None:
            self._told[key] = evolve(plan, times=plan.times - 1)

    def _take_default(self) -> Plan:
        plan = self.default
        if plan.times == 1:
            self.reset_default()
        elif plan.times is not None:
            self.default = evolve(plan, times=plan.times - 1)
        return plan
