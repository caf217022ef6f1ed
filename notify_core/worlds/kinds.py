"""The kinds of value that a world file holds: each reads a value, and says in JSON Schema what it takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

from attrs import NOTHING, Attribute, Factory, fields, frozen

from notify_core.callbacks.targets import InvalidCallbackUrl, read_target
from notify_core.errors import InvalidRecipient
from notify_core.recipients import parse_email_address, parse_phone_number

UNREADABLE: Final = object()
LARGEST_NUMBER = 2**31 - 1

_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_MOMENT = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})"
_Item = TypeVar("_Item")


@frozen
class Place:
    """Somewhere in a file, and the list of problems found so far in all of it."""

    path: str = ""
    problems: list[str] = Factory(list)

    def at(self, key: object) -> Place:
        """Return the place of a field or an item in here."""
        return Place(f"{self.path}.{key}" if self.path else str(key), self.problems)

    def say(self, problem: str) -> None:
        """Note what is wrong here."""
        self.problems.append(f"{self.path}: {problem}" if self.path else problem)


class Kind(Protocol):
    """What a field may hold."""

    def read(self, value: object, place: Place) -> Any:
        """Return the value as the model has it; or UNREADABLE, having said at `place` why."""
        ...

    def schema(self) -> dict[str, Any]:
        """Return the kind in JSON Schema, where classes stand under `$defs`."""
        ...


@frozen(kw_only=True)
class Text:
    """A text that is not blank. `exact` leaves the space around it as it is."""

    longest: int | None = None
    exact: bool = False

    def read(self, value: object, place: Place) -> Any:
        """Return the text."""
        if not isinstance(value, str):
            place.say(_no_text(value))
            return UNREADABLE
        text = value if self.exact else value.strip()
        if not text.strip():
            place.say("is empty")
        elif self.longest is not None and len(text) > self.longest:
            place.say(f"is {len(text)} characters long; use at most {self.longest}")
        elif not _can_be_stored(text):
            place.say("holds a character that cannot be stored, such as NUL: remove it")
        else:
            return text
        return UNREADABLE

    def schema(self) -> dict[str, Any]:
        """Return it in JSON Schema."""
        longest = {} if self.longest is None else {"maxLength": self.longest}
        return {"type": "string", "pattern": r"\S", **longest}


@frozen
class Flag:
    """Yes or no."""

    def read(self, value: object, place: Place) -> Any:
        """Return whether it is so."""
        if isinstance(value, bool):
            return value
        place.say(f"{_shown(value)} is neither true nor false")
        return UNREADABLE

    def schema(self) -> dict[str, Any]:
        """Return it in JSON Schema."""
        return {"type": "boolean"}


@frozen(kw_only=True)
class Number:
    """A whole number."""

    least: int
    most: int = LARGEST_NUMBER

    def read(self, value: object, place: Place) -> Any:
        """Return the number."""
        if isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most:
            return value
        place.say(f"{_shown(value)} is not a whole number from {self.least} to {self.most}")
        return UNREADABLE

    def schema(self) -> dict[str, Any]:
        """Return it in JSON Schema."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@frozen
class Choice:
    """One of a few words."""

    among: type[StrEnum]

    def read(self, value: object, place: Place) -> Any:
        """Return the word."""
        words = [word.value for word in self.among]
        if isinstance(value, str) and value in words:
            return self.among(value)
        place.say(f"{_shown(value)} is not one of {', '.join(words)}{_near(value, words)}")
        return UNREADABLE

    def schema(self) -> dict[str, Any]:
        """Return it in JSON Schema."""
        return {"enum": [word.value for word in self.among]}


@frozen
class Identifier:
    """A UUID in its usual form."""

    def read(self, value: object, place: Place) -> Any:
        """Return the UUID."""
        if isinstance(value, str) and re.fullmatch(_UUID, value):
            return UUID(value)
        place.say(f"{_shown(value)} is not a UUID such as 1c3a5e79-0000-4000-8000-000000000001")
        return UNREADABLE

    def schema(self) -> dict[str, Any]:
        """Return it in JSON Schema."""
        return {"type": "string", "format": "uuid", "pattern": f"^{_UUID}$"}


@frozen
class Secret:
    """The secret of an API key: the text of a UUID, since clients cut it off by its length. It is never shown."""

    def read(self, value: object, place: Place) -> Any:
        """Return the secret."""
        if isinstance(value, str) and re.fullmatch(_UUID, value):
            return value.lower()
        place.say("has not the form of a UUID, 36 characters long")
        return UNREADABLE

    def schema(self) -> dict[str, Any]:
        """Return it in JSON Schema."""
        return Identifier().schema()


@frozen
class Moment:
    """A date and a time, with its offset from UTC."""

    def read(self, value: object, place: Place) -> Any:
        """Return the moment in UTC."""
        if isinstance(value, str) and re.fullmatch(_MOMENT, value, re.ASCII):
            try:
                return datetime.fromisoformat(value).astimezone(UTC)
            except (ValueError, OverflowError):
                pass
        place.say(f"{_shown(value)} is not a time with its zone, such as 2026-11-21T09:30:00Z")
        return UNREADABLE

    def schema(self) -> dict[str, Any]:
        """Return it in JSON Schema."""
        return {"type": "string", "format": "date-time", "pattern": f"^{_MOMENT}$"}


@frozen
class CallbackUrl:
    """A URL that callbacks may go to. Loopback is taken, too: whether calls go there is a setting's affair."""

    def read(self, value: object, place: Place) -> Any:
        """Return the URL."""
        if not isinstance(value, str):
            place.say(_no_text(value))
            return UNREADABLE
        try:
            read_target(value, loopback_allowed=True)
        except InvalidCallbackUrl as error:
            place.say(error.message.removeprefix("url: "))
            return UNREADABLE
        return value

    def schema(self) -> dict[str, Any]:
        """Return it in JSON Schema."""
        return {"type": "string", "format": "uri", "pattern": "^https?://"}


@frozen(kw_only=True)
class Recipient:
    """Somebody who can be written to: by `email`, by `phone`, or by either. Kept as it is typed."""

    email: bool = False
    phone: bool = False

    def read(self, value: object, place: Place) -> Any:
        """Return the recipient as typed."""
        if not isinstance(value, str):
            place.say(_no_text(value))
            return UNREADABLE
        for wanted, parse in ((self.email, parse_email_address), (self.phone, parse_phone_number)):
            if wanted and _parses(parse, value):
                return value.strip()
        kinds = [name for name, wanted in (("email address", self.email), ("phone number", self.phone)) if wanted]
        place.say(f"is not a valid {' or '.join(kinds)}")
        return UNREADABLE

    def schema(self) -> dict[str, Any]:
        """Return it in JSON Schema."""
        return {"type": "string", "format": "email"} if not self.phone else {"type": "string"}


@frozen
class ListOf:
    """Several of a kind. No two of them may have the same `identity`, the name of one of their fields."""

    kind: Kind
    identity: str | None = None

    def read(self, value: object, place: Place) -> Any:
        """Return the items, with None in the places of those that cannot be read."""
        if not isinstance(value, Sequence) or isinstance(value, str):
            place.say(f"{_shown(value)} is not a list")
            return UNREADABLE
        items = [self.kind.read(item, place.at(number)) for number, item in enumerate(value)]
        self._check_identities(value, place)
        return tuple(None if item is UNREADABLE else item for item in items)

    def _check_identities(self, items: Sequence[object], place: Place) -> None:
        if self.identity is None:
            return
        seen: dict[str, int] = {}
        for number, item in enumerate(items):
            name = item.get(self.identity) if isinstance(item, Mapping) else None
            if not isinstance(name, str):
                continue
            first = seen.setdefault(self._compared(name), number)
            if first != number:
                place.at(number).at(self.identity).say(f"is the same as that of {place.at(first).path}")

    def _compared(self, name: str) -> str:
        return name.strip().lower() if self.identity == "email_address" else name.strip()

    def schema(self) -> dict[str, Any]:
        """Return it in JSON Schema."""
        return {"type": "array", "items": self.kind.schema()}


@frozen
class Object:
    """A mapping whose keys are the fields of a class of the model.

    A class may have a method `problems`, which yields what is wrong with it as a whole: the key at fault, and why.
    """

    model: type[Any]

    def read(self, value: object, place: Place) -> Any:
        """Return an instance."""
        if not isinstance(value, Mapping):
            place.say(f"{_shown(value)} is not a mapping of {', '.join(self._fields())}")
            return UNREADABLE
        self._check_keys(value, place)
        values: dict[str, Any] = {}
        for key, attribute in self._fields().items():
            if key in value:
                values[attribute.name] = attribute.metadata["kind"].read(value[key], place.at(key))
            elif attribute.default is NOTHING:
                place.at(key).say("is missing")
                values[attribute.name] = UNREADABLE
        if any(one is UNREADABLE for one in values.values()):
            return UNREADABLE
        made = self.model(**values)
        for key, problem in getattr(made, "problems", list)():
            place.at(key).say(problem)
        return made

    def _fields(self) -> dict[str, Attribute[Any]]:
        return {attribute.metadata["key"] or attribute.name: attribute for attribute in fields(self.model)}

    def _check_keys(self, value: Mapping[Any, object], place: Place) -> None:
        known = list(self._fields())
        for key in value:
            if key not in known:
                place.at(key).say(f"is not known here{_near(key, known) or '; known are ' + ', '.join(known)}")

    def schema(self) -> dict[str, Any]:
        """Return a reference to its definition."""
        return {"$ref": f"#/$defs/{self.model.__name__}"}

    def definition(self) -> dict[str, Any]:
        """Return what the reference stands for."""
        properties = {
            key: attribute.metadata["kind"].schema() | {"description": attribute.metadata["description"]}
            for key, attribute in self._fields().items()
        }
        required = [key for key, attribute in self._fields().items() if attribute.default is NOTHING]
        return {
            "type": "object",
            "description": " ".join((self.model.__doc__ or "").split()),
            "properties": properties,
            **({"required": required} if required else {}),
            "additionalProperties": False,
        }

    def definitions(self) -> dict[str, dict[str, Any]]:
        """Return the definitions of this class and of all that it is made of, by their names."""
        found = {self.model.__name__: self.definition()}
        for attribute in fields(self.model):
            kind = attribute.metadata["kind"]
            inner = kind.kind if isinstance(kind, ListOf) else kind
            if isinstance(inner, Object):
                found |= inner.definitions()
        return found


def of(kind: Kind, description: str, *, key: str | None = None) -> dict[str, Any]:
    """Return the metadata of a field of the model. `key` is what files call it, where Python cannot."""
    return {"kind": kind, "description": description, "key": key}


def present(items: Sequence[_Item]) -> Iterator[tuple[int, _Item]]:
    """Iterate over the items of a list that could be read, with their places."""
    return ((number, item) for number, item in enumerate(items) if item is not None)


def _parses(parse: Callable[[str], object], value: str) -> bool:
    try:
        parse(value)
    except InvalidRecipient:
        return False
    return True


def _can_be_stored(text: str) -> bool:
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def _no_text(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "is a number where a text belongs; put it in quotes"
    return f"{_shown(value)} is not a text"


def _shown(value: object) -> str:
    """Return a value as problems show it: never a whole list or mapping."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else f"{value[:39]}…")
    if isinstance(value, int | float):
        return str(value)
    return "a mapping" if isinstance(value, Mapping) else "a list"


def _near(value: object, known: Collection[str]) -> str:
    close = get_close_matches(str(value), list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
