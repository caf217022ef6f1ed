"""Check a document against a table, and say everything that is wrong with it in the order clients know.

The texts are those of a JSON Schema validator, whose messages have always been part of this API: values are
echoed as Python writes them, without apostrophes. Pure: the present moment is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from attrs import frozen

from notify_core.violations import echo, unexpected


class InvalidRequest(ValueError):
    """The document breaks its schema. `violations` are all the ways, each a sentence."""

    def __init__(self, *violations: str) -> None:
        super().__init__(*violations)
        self.violations = violations


Check = Callable[[Any, datetime], Iterator[str]]
"""Says what is wrong with a value, at a given moment, without naming its field."""


@frozen
class Rule:
    """What a value must be: `check` finds what is wrong, `described` says the same in JSON Schema's words."""

    check: Check
    described: Mapping[str, Any]

    def __call__(self, value: Any, now: datetime) -> Iterator[str]:
        """Say what is wrong with the value."""
        return self.check(value, now)


def rule(**described: Any) -> Callable[[Check], Rule]:
    """Describe a check where it is written, so that what is told of it is told beside what it does."""
    return lambda check: Rule(check, described)


def _as_it_came(value: Any) -> Any:
    return value


@frozen
class Field:
    """One property: what it must be, what to make of it once it is, and what it is for."""

    name: str
    check: Rule
    read: Callable[[Any], Any] = _as_it_came
    about: str = ""


@frozen
class Schema:
    """An object with these properties, and no others unless it is `open`: then they are ignored.

    Problems are told in the order of the fields.
    """

    fields: tuple[Field, ...]
    required: tuple[str, ...]
    open: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The properties there may be."""
        return frozenset(field.name for field in self.fields)


def parse(schema: Schema, document: object, now: datetime) -> dict[str, Any]:
    """Return the properties given, read, or raise InvalidRequest with everything that is wrong."""
    if not isinstance(document, dict):
        raise InvalidRequest(f"{echo(document)} is not of type object")
    violations = [*_wrong_values(schema, document, now), *_missing(schema, document), *_surplus(schema, document)]
    if violations:
        raise InvalidRequest(*dict.fromkeys(violations))
    return {field.name: field.read(document[field.name]) for field in schema.fields if field.name in document}


def _wrong_values(schema: Schema, document: Mapping[str, Any], now: datetime) -> Iterator[str]:
    for field in schema.fields:
        if field.name in document:
            for problem in field.check(document[field.name], now):
                yield f"{field.name} {problem}"


def _missing(schema: Schema, document: Mapping[str, Any]) -> Iterator[str]:
    return (f"{name} is a required property" for name in schema.required if name not in document)


def _surplus(schema: Schema, document: Mapping[str, Any]) -> Iterator[str]:
    surplus = document.keys() - schema.names
    if surplus and not schema.open:
        yield unexpected(surplus)
