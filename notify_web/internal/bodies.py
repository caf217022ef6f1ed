"""Read what a request of the internal API says: its JSON, and the ids in its address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar.exceptions import NotFoundException

from notify_core.errors import NotFound
from notify_core.violations import echo
from notify_web.internal.refusals import BreaksSchema, Refused
from notify_web.public.documents import BadRequest, read_document
from notify_web.public.formats import read_uuid, short_text
from notify_web.public.schema import InvalidRequest, Rule, Schema, parse, rule

_UNREADABLE = "The browser (or proxy) sent a request that this server could not understand."
_LARGEST_INTEGER = 2**31 - 1

_is_short_text = short_text(255)


def read_body(body: bytes) -> Mapping[str, Any]:
    """Return the object that a request says, whatever it calls its content. Raises Refused."""
    if not body.strip():
        raise Refused(400, _UNREADABLE)
    try:
        document = read_document(body)
    except BadRequest:
        raise Refused(400, _UNREADABLE) from None
    if not isinstance(document, dict):
        raise Refused(400, {"_schema": ["Invalid input type."]})
    return document


def parse_body(schema: Schema, body: bytes, now: datetime) -> dict[str, Any]:
    """Check a request against its schema, and return the properties given, read. Raises Refused or BreaksSchema."""
    try:
        return parse(schema, read_body(body), now)
    except InvalidRequest as error:
        raise BreaksSchema(error.violations) from None


def id_in_address(text: str) -> UUID:
    """Read an id without which the address is of nothing. Raises NotFoundException."""
    found = read_uuid(text)
    if found is None or str(found) != text.lower():
        raise NotFoundException
    return found


def id_of_something(text: str) -> UUID:
    """Read the id of something that is looked for. Raises NotFound: of such a name there is nothing."""
    found = read_uuid(text)
    if found is None:
        raise NotFound("No result found")
    return found


@rule(type="string", minLength=1, maxLength=255)
def name(value: object, now: datetime) -> Iterator[str]:
    """Check that a value is a text of 1 to 255 characters."""
    yield from _is_short_text(value, now)
    if value == "":
        yield f"{echo('')} should be non-empty"


@rule(type="integer", minimum=0, maximum=_LARGEST_INTEGER)
def count(value: object, _now: datetime) -> Iterator[str]:
    """Check that a value is a number of things."""
    if isinstance(value, bool) or not (isinstance(value, int) or (isinstance(value, float) and value.is_integer())):
        yield f"{echo(value)} is not of type integer"
    elif value < 0:
        yield f"{echo(value)} is less than the minimum of 0"
    elif value > _LARGEST_INTEGER:
        yield f"{echo(value)} is greater than the maximum of {_LARGEST_INTEGER}"


def one_of_texts(*choices: str) -> Rule:
    """Return the rule that a value is one of these texts."""

    @rule(type="string", enum=list(choices))
    def check(value: object, _now: datetime) -> Iterator[str]:
        if not isinstance(value, str):
            yield f"{echo(value)} is not of type string"
        if value not in choices:
            yield f"{echo(value)} is not one of [{', '.join(choices)}]"

    return check
