"""Read a document with a long list in it piece by piece: only some of the entries are in memory at once."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterable, Iterator
from json import JSONDecoder
from typing import Any

from attrs import define, field, frozen

from notify_core.packing import PackedBytes
from notify_web.public.documents import DEEPEST_NESTING, BadRequest, check_usable, read_document
from notify_web.public.schema import InvalidRequest

_decode = JSONDecoder().raw_decode
_NO_SPACE = re.compile(r"[^ \t\n\r]")


@frozen
class LongList:
    """A list that is read anew from its document whenever it is iterated over.

    `stranger` is the first entry that is not an object, with its number, where there is one.
    """

    length: int
    stranger: tuple[int, Any] | None = field(repr=False)
    _read: Callable[[], Iterator[Any]] = field(repr=False)

    def __iter__(self) -> Iterator[Any]:
        """Yield the entries."""
        return self._read()


def read_long_document(body: PackedBytes, name: str) -> Any:
    """Return the document as `read_document` does; but its property `name`, if that is a list, is a LongList.

    All of it is read once, so that whatever is not JSON is found here. Raises BadRequest, or InvalidRequest when
    that property is given twice: of two lists, both would have to be kept.
    """
    first = next(body.read(), b"")
    encoding = json.detect_encoding(first)
    try:
        if not _Text(_decoded(body, encoding)).next_is("{"):
            return read_document(b"".join(body.read()))
        fields: dict[str, Any] = {}
        length, stranger = 0, None
        for length, entry in enumerate(_entries(_Text(_decoded(body, encoding)), name, fields), start=1):
            if stranger is None and not isinstance(entry, dict):
                stranger = (length - 1, entry)
    except (ValueError, RecursionError) as error:
        if isinstance(error, InvalidRequest):
            raise
        raise BadRequest from None
    if fields.get(name) is _HERE:
        fields[name] = LongList(length, stranger, lambda: _entries(_Text(_decoded(body, encoding)), name, {}))
    return fields


# Behind a number that ends so soon before what is held ends, there may be more of it, as in `1e+` and then `5`.
_LONGEST_TAIL = 4
# Stands for the list among the other properties.
_HERE = object()


def _decoded(body: PackedBytes, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    for piece in body.read():
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def _entries(text: _Text, name: str, fields: dict[str, Any]) -> Iterator[Any]:
    """Yield the entries of the property of that name, and put the others into `fields`. Raises ValueError."""
    text.take("{")
    if text.next_is("}"):
        text.take("}")
    else:
        yield from _properties(text, name, fields)
    if not text.is_over():
        raise BadRequest


def _properties(text: _Text, name: str, fields: dict[str, Any]) -> Iterator[Any]:
    while True:
        key = text.value(DEEPEST_NESTING)
        if not isinstance(key, str):
            raise BadRequest
        if key == name and key in fields:
            raise InvalidRequest(f"{name} is given twice: give it once")
        text.take(":")
        if key == name and text.next_is("["):
            fields[key] = _HERE
            yield from _list(text)
        else:
            fields[key] = text.value(DEEPEST_NESTING - 1)
        if text.take(",}") == "}":
            return


def _list(text: _Text) -> Iterator[Any]:
    text.take("[")
    if text.next_is("]"):
        text.take("]")
        return
    while True:
        yield text.value(DEEPEST_NESTING - 2)
        if text.take(",]") == "]":
            return


@define
class _Text:
    """A text that comes in pieces, and a place in it."""

    _pieces: Iterable[str]
    _held: str = field(init=False, default="")
    _place: int = field(init=False, default=0)

    def __attrs_post_init__(self) -> None:
        self._pieces = iter(self._pieces)

    def next_is(self, character: str) -> bool:
        """Say whether that is the next character, spaces left aside."""
        return self._next() == character

    def is_over(self) -> bool:
        """Say whether nothing but space is left."""
        return not self._next()

    def take(self, characters: str) -> str:
        """Take the next character, which must be one of these. Raises BadRequest."""
        found = self._next()
        if not found or found not in characters:
            raise BadRequest
        self._place += 1
        return found

    def value(self, levels: int) -> Any:
        """Take the next value, nested at most so deep. Raises ValueError."""
        self._next()
        while True:
            try:
                value, end = _decode(self._held, self._place)
            except ValueError:
                if not self._read_on():
                    raise
                continue
            if end + _LONGEST_TAIL <= len(self._held) or not self._read_on():
                break
        check_usable(self._held[self._place : end], value, levels)
        self._place = end
        return value

    def _next(self) -> str:
        while True:
            found = _NO_SPACE.search(self._held, self._place)
            if found:
                self._place = found.start()
                return found[0]
            self._place = len(self._held)
            if not self._read_on():
                return ""

    def _read_on(self) -> bool:
        """Read as much again as is held, so that a long value is not begun again too often. False at the end."""
        more, length, held = [self._held[self._place :]], 0, len(self._held) - self._place
        for piece in self._pieces:
            more.append(piece)
            length += len(piece)
            if length > held:
                break
        if not length:
            return False
        self._held, self._place = "".join(more), 0
        return True
