"""JSON Schemas of what is sent and shown, made from the tables and types that the code itself goes by."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from attrs import Factory, frozen

from notify_web.public.schema import Field, Schema
from notify_web.public.shapes import About, Format

Fragment = dict[str, Any]

_PLAIN: Mapping[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}


def schema_of_table(table: Schema) -> Fragment:
    """Describe the object that a table accepts."""
    return {
        "type": "object",
        "properties": {field.name: _property(field) for field in table.fields},
        "required": list(table.required),
        "additionalProperties": table.open,
    }


def _property(field: Field) -> Fragment:
    return {**field.check.described, **({"description": field.about} if field.about else {})}


@frozen
class Shapes:
    """The types met so far: each is described once, in `components`, and referred to."""

    components: dict[str, Fragment] = Factory(dict)

    def of(self, shape: Any) -> Fragment:
        """Describe a type. Raises TypeError for one that has no counterpart in JSON."""
        if is_typeddict(shape):
            return self._reference(shape)
        if shape in _PLAIN:
            return {"type": _PLAIN[shape]}
        if isinstance(shape, type) and issubclass(shape, StrEnum):
            return {"type": "string", "enum": [member.value for member in shape]}
        origin, arguments = get_origin(shape), get_args(shape)
        if origin is Annotated:
            return {**self.of(arguments[0]), **_notes(arguments[1:])}
        if origin in {Required, NotRequired}:
            return self.of(arguments[0])
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin is list:
            return {"type": "array", "items": self.of(arguments[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        if origin in {Union, UnionType}:
            return _either([self.of(argument) for argument in arguments])
        raise TypeError(f"{shape!r} has no counterpart in JSON")

    def _reference(self, shape: type) -> Fragment:
        name = shape.__name__
        if name not in self.components:
            self.components[name] = {}  # so that a type may hold itself
            self.components[name] = self._object(shape)
        return {"$ref": f"#/components/schemas/{name}"}

    def _object(self, shape: type) -> Fragment:
        hints = dict(sorted(get_type_hints(shape, include_extras=True).items()))
        return {
            "type": "object",
            "description": (shape.__doc__ or "").strip(),
            "properties": {name: self.of(hint) for name, hint in hints.items()},
            "required": [name for name, hint in hints.items() if get_origin(hint) is not NotRequired],
        }


def _notes(notes: tuple[object, ...]) -> Fragment:
    said: Fragment = {}
    for note in notes:
        if isinstance(note, Format):
            said["format"] = note.name
        elif isinstance(note, About):
            said["description"] = note.text
    return said


def _either(fragments: list[Fragment]) -> Fragment:
    """Describe a choice; of types that need nothing but a name in one line."""
    said = {key: value for fragment in fragments for key, value in fragment.items() if key in _SAID_OF_NULL}
    bare = [{key: value for key, value in fragment.items() if key not in _SAID_OF_NULL} for fragment in fragments]
    if all(fragment.keys() == {"type"} for fragment in bare):
        return {"type": [fragment["type"] for fragment in bare], **said}
    return {"anyOf": fragments}


# True of a value, or of nothing where there is none: may stand beside a type that is one of several.
_SAID_OF_NULL = frozenset({"format", "description"})
