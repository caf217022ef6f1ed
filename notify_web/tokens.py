"""JSON Web Tokens, as this API's clients make them: HS256, the service as issuer, and the time it was made.

What a token claims is judged here and not by the library, so that the time comes from the platform's clock and
each refusal gets the sentence that clients know (see `authentication.py` for the order).
"""

from __future__ import annotations

import json
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any

from attrs import field, frozen
from jwt import PyJWS
from jwt.algorithms import HMACAlgorithm
from jwt.exceptions import InvalidTokenError

LEEWAY_SECONDS = 30

# As many as are in use at a time: of each service one a second, for a minute at most.
_REMEMBERED = 1024
_LONGEST_REMEMBERED = 1000

_READER = PyJWS()
_HS256 = HMACAlgorithm(HMACAlgorithm.SHA256)


class Malformed(ValueError):
    """The text is not a token."""


class Verdict(Enum):
    """What a token with the right signature turns out to be."""

    GOOD = "good"
    # Clients retry these after setting their clock, so they are told apart.
    WRONG_TIME = "wrong time"
    UNACCEPTABLE = "unacceptable"
    # A claim that is missing or unreadable counts as if the signature had been wrong.
    NOT_OURS = "not ours"


@frozen
class Token:
    """A token as it came: nothing of it can be believed before its signature has been checked."""

    header: dict[str, Any]
    claims: dict[str, Any] = field(repr=False)
    signing_input: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def uses_hs256(self) -> bool:
        """Whether it names the one algorithm that is accepted."""
        return bool(self.header.get("alg") == "HS256")

    def signed_with(self, secret: str) -> bool:
        """Whether its signature was made with that secret. Takes the same time for every wrong one."""
        return _is_signature(self.signing_input, self.signature, secret)

    def judge(self, now: datetime) -> Verdict:
        """Judge the claims, in the order in which clients have always been told of them."""
        for check in (_made_in_time, _not_before, _expired, _audience_and_names, _old_enough):
            verdict = check(self.claims, now.timestamp())
            if verdict is not Verdict.GOOD:
                return verdict
        return Verdict.GOOD


@lru_cache(maxsize=_REMEMBERED)
def _is_signature(signing_input: bytes, signature: bytes, secret: str) -> bool:
    return _HS256.verify(signing_input, secret.encode(), signature)


def read_token(text: str) -> Token:
    """Take a token apart. Raises Malformed.

    Spaces before it are read over, but count towards what should have been signed: such a token fits no key.
    """
    return _remembered(text) if len(text) <= _LONGEST_REMEMBERED else _read(text)


# Clients say when they made a token in whole seconds, so all that one makes within a second are the same text. What a
# text says, and what it is signed with, never changes; whether that is good now is judged anew each time.
@lru_cache(maxsize=_REMEMBERED)
def _remembered(text: str) -> Token:
    return _read(text)


def _read(text: str) -> Token:
    try:
        parts = _READER.decode_complete(text.lstrip(" "), options={"verify_signature": False})
        claims = json.loads(parts["payload"])
    except (InvalidTokenError, ValueError, RecursionError):
        raise Malformed from None
    if not isinstance(claims, dict):
        raise Malformed
    return Token(parts["header"], claims, text.encode().rsplit(b".", 1)[0], parts["signature"])


def _made_in_time(claims: dict[str, Any], now: float) -> Verdict:
    if "iat" not in claims:
        return Verdict.GOOD  # see _old_enough: what else is wrong is told first
    try:
        made = int(claims["iat"])
    except ValueError:
        return Verdict.WRONG_TIME
    except (TypeError, OverflowError):
        return Verdict.UNACCEPTABLE
    return Verdict.WRONG_TIME if made > now + LEEWAY_SECONDS else Verdict.GOOD


def _not_before(claims: dict[str, Any], now: float) -> Verdict:
    start = _whole_seconds(claims.get("nbf", 0))
    if isinstance(start, Verdict):
        return start
    return Verdict.WRONG_TIME if start > now + LEEWAY_SECONDS else Verdict.GOOD


def _expired(claims: dict[str, Any], now: float) -> Verdict:
    if "exp" not in claims:
        return Verdict.GOOD
    end = _whole_seconds(claims["exp"])
    if isinstance(end, Verdict):
        return end
    return Verdict.UNACCEPTABLE if end <= now - LEEWAY_SECONDS else Verdict.GOOD


def _audience_and_names(claims: dict[str, Any], _now: float) -> Verdict:
    named = all(isinstance(claims.get(name, ""), str) for name in ("sub", "jti"))
    return Verdict.GOOD if named and not claims.get("aud") else Verdict.UNACCEPTABLE


def _old_enough(claims: dict[str, Any], now: float) -> Verdict:
    if "iat" not in claims:
        return Verdict.NOT_OURS
    return Verdict.WRONG_TIME if int(now) > int(claims["iat"]) + LEEWAY_SECONDS else Verdict.GOOD


def _whole_seconds(value: Any) -> int | Verdict:
    try:
        return int(value)
    except ValueError:
        return Verdict.NOT_OURS
    except (TypeError, OverflowError):
        return Verdict.UNACCEPTABLE
