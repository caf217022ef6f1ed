"""What single values of a request must be like. Each check yields what is wrong, without the field's name.

Above each stands the same in JSON Schema's words, which end up in the API's description.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from notify_core.recipients import (
    InvalidEmailAddress,
    InvalidPhoneNumber,
    parse_email_address,
    parse_phone_number,
)
from notify_core.violations import echo
from notify_web.public.long_documents import LongList
from notify_web.public.schema import InvalidRequest, Rule, rule

_TYPES: Mapping[str, type] = {"string": str, "object": dict, "array": list, "null": type(None)}
# Nobody has as many pages, and no machine as large a number.
_ENDLESS = 12
_POSTAGE = ("first", "second", "economy")
_FURTHEST_AHEAD = timedelta(hours=24)
_NOT_ISO_8601 = (
    "datetime format is invalid. It must be a valid ISO8601 date time format, https://en.wikipedia.org/wiki/ISO_8601"
)
_STORABLE = r"^[^\u0000]*$"
_CHARACTER = r"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})"
# RFC 3986, with a host. No line feed at the end, since the address goes into a header of the email.
_HTTPS_URL = re.compile(
    rf"https://(?:(?:{_CHARACTER}|:)*@)?(?:\[[0-9A-Fa-f:.]+\]|{_CHARACTER}+)(?::[0-9]*)?"
    rf"(?:/(?:{_CHARACTER}|[:@/])*)?(?:\?(?:{_CHARACTER}|[:@/?])*)?(?:\#(?:{_CHARACTER}|[:@/?])*)?"
)


def of_type(*names: str) -> Rule:
    """Return the rule that a value is of one of these JSON types."""
    accepted = tuple(_TYPES[name] for name in names)
    expected = ", ".join(names)

    @rule(type=names[0] if len(names) == 1 else list(names))
    def check(value: object, _now: datetime) -> Iterator[str]:
        if not isinstance(value, accepted):
            yield f"{echo(value)} is not of type {expected}"

    return check


_is_text = of_type("string")
_is_text_or_null = of_type("string", "null")
_is_list_or_null = of_type("array", "null")


def short_text(longest: int) -> Rule:
    """Return the rule that a value is a text of at most `longest` characters, all of which can be stored."""

    @rule(type="string", maxLength=longest, pattern=_STORABLE)
    def check(value: object, now: datetime) -> Iterator[str]:
        yield from _is_text(value, now)
        if isinstance(value, str):
            if len(value) > longest:
                yield f"{echo(value)} is too long"
            if "\0" in value:
                yield "must not contain null characters"

    return check


@rule(type="integer", minimum=0)
def whole_number(value: object, _now: datetime) -> Iterator[str]:
    """Check that a text is a whole number, in digits."""
    if not (isinstance(value, str) and value.isascii() and value.isdigit()):
        yield "is not a whole number"


@rule(type="string", pattern=_STORABLE)
def storable(value: object, _now: datetime) -> Iterator[str]:
    """Check that a text can be stored, or be found among those that are."""
    if "\0" in str(value):
        yield "must not contain null characters"


def one_of(*choices: str) -> Rule:
    """Return the rule that a value is one of these."""

    @rule(enum=list(choices))
    def check(value: object, _now: datetime) -> Iterator[str]:
        if value not in choices:
            yield f"{echo(value)} is not one of [{', '.join(choices)}]"

    return check


def each(one: Rule) -> Rule:
    """Return the rule that every value of a list keeps the rule `one`."""

    @rule(type="array", items=dict(one.described))
    def check(values: Sequence[object], now: datetime) -> Iterator[str]:
        return (problem for value in values for problem in one(value, now))

    return check


def objects(most: int, described: Mapping[str, object]) -> Rule:
    """Return the rule that a value is a long list of objects, at least one and at most so many.

    What the objects must be like is not checked here. `described` says it in JSON Schema's words, for their readers.
    """

    @rule(type="array", minItems=1, maxItems=most, items={"type": "object", **described})
    def check(value: object, _now: datetime) -> Iterator[str]:
        if not isinstance(value, LongList):
            yield f"{echo(value)} is not of type array"
        elif not value.length:
            yield "is empty: send at least one"
        elif value.length > most:
            yield f"has {value.length} entries: send at most {most} in one request"
        elif value.stranger is not None:
            number, entry = value.stranger
            yield f"{number} {echo(entry)} is not of type object"

    return check


@rule(type="integer", minimum=1)
def page_number(value: object, _now: datetime) -> Iterator[str]:
    """Check that a text is the number of a page, in digits."""
    if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < _ENDLESS and int(value)):
        yield "is not the number of a page: they count from 1"


@rule(enum=list(_POSTAGE))
def postage(value: object, now: datetime) -> Iterator[str]:
    """Check that a value is a kind of postage that can be chosen."""
    yield from _is_text(value, now)
    if isinstance(value, str) and value not in _POSTAGE:
        yield "invalid. It must be either first, second or economy."


@rule(type="string", format="uuid")
def uuid(value: object, _now: datetime) -> Iterator[str]:
    """Check that a value is a UUID, in any form that Python reads."""
    if read_uuid(value) is None:
        yield "is not a valid UUID"


def read_uuid(value: object) -> UUID | None:
    """Return the UUID that a text stands for, or None.

    >>> read_uuid("{F47AC10B58CC4372A5670E02B2C3D479}")
    UUID('f47ac10b-58cc-4372-a567-0e02b2c3d479')
    """
    if not isinstance(value, str):
        return None
    try:
        return UUID(value)
    except ValueError:
        return None


def id_from(text: str, name: str) -> UUID:
    """Return the id that a path gives as `name`. Raises InvalidRequest."""
    wanted = read_uuid(text)
    if wanted is None:
        raise not_an_id(name)
    return wanted


def not_an_id(name: str) -> InvalidRequest:
    """Return the refusal of a path in which `name` is no id."""
    return InvalidRequest(f"{name} is not a valid UUID")


@rule(type="string", format="phone-number")
def phone_number(value: object, now: datetime) -> Iterator[str]:
    """Check that a value is a phone number, from anywhere and of any kind that can be texted."""
    yield from _is_text(value, now)
    if isinstance(value, str):
        try:
            parse_phone_number(value)
        except InvalidPhoneNumber as error:
            yield error.v2_message


@rule(type="string", format="email")
def email_address(value: object, now: datetime) -> Iterator[str]:
    """Check that a value is an email address."""
    yield from _is_text(value, now)
    if isinstance(value, str):
        try:
            parse_email_address(value)
        except InvalidEmailAddress:
            yield "Not a valid email address"


@rule(type=["string", "null"], format="date-time")
def within_a_day(value: object, now: datetime) -> Iterator[str]:
    """Check that a value is null, or a time in the next 24 hours."""
    yield from _is_text_or_null(value, now)
    if isinstance(value, str):
        try:
            moment = _moment(value)
        except ValueError:
            yield _NOT_ISO_8601
            return
        if moment < now:
            yield "datetime can not be in the past"
        elif moment > now + _FURTHEST_AHEAD:
            yield "datetime can only be 24 hours in the future"


def read_moment(value: str | None) -> datetime | None:
    """Return the moment (UTC) that a text stands for, or None for null.

    >>> read_moment("2026-06-05T18:00:00+01:00")
    datetime.datetime(2026, 6, 5, 17, 0, tzinfo=datetime.timezone.utc)
    """
    return None if value is None else _moment(value).astimezone(UTC)


def _moment(text: str) -> datetime:
    """Read a time; where it names no time zone, it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@rule(type="string", format="uri", pattern="^https://")
def https_url(value: object, _now: datetime) -> Iterator[str]:
    """Check that a value is an https URL with a host."""
    if not isinstance(value, str) or not _HTTPS_URL.fullmatch(value):
        yield "is not a valid https url"


@rule(type=["array", "null"], items={"type": ["string", "null"]})
def names_or_null(value: object, now: datetime) -> Iterator[str]:
    """Check that a value is null, or a list of texts. Null among them is no name and no mistake."""
    yield from _is_list_or_null(value, now)
    for entry in value if isinstance(value, list) else ():
        if not isinstance(entry, str | None):
            yield f"{echo(entry)} is not of type string"


def read_names(value: list[str | None] | None) -> tuple[str, ...]:
    """Return the names in a list, none for null."""
    return tuple(name for name in value or () if name is not None)
