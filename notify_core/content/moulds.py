"""Moulds: what a template looks like once rendered, with holes where plain words go.

Most values are a name, a date, a number: words that mean nothing to the rules of layout and typography. For
them, rendering the template again and again yields the same text around other words. So it is rendered once
for each kind of values, with words that stand for any other, and then cast.

A mould is only made if that is so: placeholders must stand apart from what they could combine with, and
rendering with quite different words must leave the same text around them. Whatever is not plain is rendered in
full. `docs/decisions/0105-moulds-for-plain-values.md` has the reasons.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from notify_core.content.placeholders import Field, Placeholder, Style, is_shown_for

Kind: TypeAlias = Literal["word", "number", "numbered"] | bool | None
"""What a value is like: a word or several; digits; digits and then words; whether a condition holds; missing."""

Shape: TypeAlias = tuple[Kind, ...]
"""The kinds of all values of a template, in order of its placeholders."""

Render: TypeAlias = Callable[[Mapping[str | None, object]], str]

MOST_MOULDS = 32
"""How many moulds a template keeps. One that needs more is rendered in full."""

_LETTER = "A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ"
_PLAIN = re.compile(rf"[0-9{_LETTER}]+(?: [0-9{_LETTER}]+)*")
_LONGEST_PLAIN = 200

_BEFORE = re.compile(r"(?:\A|[\s(\"])\Z")
_AFTER = re.compile(r"[)\"]?[,.;:!?]?(?:\s|\Z)|['’]s\b")


class Plain(NamedTuple):
    """Values that a mould can be cast with: their shape, and the words by placeholder."""

    shape: Shape
    words: Sequence[str]


class Mould(NamedTuple):
    """Text with holes: before each hole stands a text, and behind the last one. `holes` says whose word goes in."""

    texts: Sequence[str]
    holes: Sequence[int]

    def cast(self, words: Sequence[str]) -> str:
        """Return the text with the words in its holes.

        >>> Mould(["Dear ", ", hi ", "!"], [0, 0]).cast(["Jo"])
        'Dear Jo, hi Jo!'
        """
        pieces = [""] * (2 * len(self.holes) + 1)
        pieces[::2] = self.texts
        pieces[1::2] = [words[hole] for hole in self.holes]
        return "".join(pieces)


class Moulds:
    """The moulds of one template, made as they are needed."""

    __slots__ = ("_conditional", "_fields", "_is_ambiguous", "_known", "_names")

    def __init__(self, *fields: Field) -> None:
        self._fields = fields
        found = [piece for field in fields for piece in field.pieces if isinstance(piece, Placeholder)]
        uses: dict[str | None, set[bool]] = {}
        for placeholder in found:
            uses.setdefault(placeholder.key, set()).add(placeholder.text is not None)
        self._names = tuple(uses)
        self._conditional = tuple(True in use for use in uses.values())
        self._is_ambiguous = any(len(use) > 1 for use in uses.values()) or any(
            character in (name or "") for name in uses for character in "&<>"
        )
        self._known: dict[tuple[str, Shape], Mould | None] = {}

    def plain(self, values: Mapping[str | None, object]) -> Plain | None:
        """Return what a mould needs to know of values, or None when they must be rendered in full."""
        if self._is_ambiguous:
            return None
        kinds: list[Kind] = []
        words: list[str] = []
        for name, conditional in zip(self._names, self._conditional, strict=True):
            value = values.get(name)
            text = value if isinstance(value, str) else str(value) if isinstance(value, int) else None
            if value is None:
                kind: Kind = None
            elif text is None or len(text) > _LONGEST_PLAIN:
                return None
            elif conditional:
                kind = is_shown_for(text, _AS_IT_IS)
            else:
                kind = _kind_of(text)
                if kind is None:
                    return None
            kinds.append(kind)
            words.append(text or "")
        return Plain(tuple(kinds), words)

    def render(self, what: str, plain: Plain, render: Render) -> str | None:
        """Return what `render` makes of plain values, from a mould; None when there is none.

        `what` names that rendering. The first time it is asked for, nothing is known of it yet; most templates
        are used either once, or often.
        """
        key = what, plain.shape
        mould = self._known.get(key, _NEVER_SEEN)
        if mould is _MAKE_NEXT_TIME:
            mould = self._known[key] = self._make(plain.shape, render)
        elif mould is _NEVER_SEEN and len(self._known) < MOST_MOULDS:
            self._known[key] = _MAKE_NEXT_TIME
            return None
        return None if mould is None or mould is _NEVER_SEEN else mould.cast(plain.words)

    def _make(self, shape: Shape, render: Render) -> Mould | None:
        found: Mould | None = None
        for variant in range(_VARIANTS):
            words = [_stand_in(index, kind, variant) for index, kind in enumerate(shape)]
            if not self._stand_apart(words, shape):
                return None
            values = {name: _value(kind, word) for name, kind, word in zip(self._names, shape, words, strict=True)}
            mould = _taken_apart(render(values), words, shape)
            if mould is None or (found is not None and mould != found):
                return None
            found = mould
        return found

    def _stand_apart(self, words: Sequence[str], shape: Shape) -> bool:
        """Whether each word stands where no rule could see it together with what is next to it."""
        values = {name: _value(kind, word) for name, kind, word in zip(self._names, shape, words, strict=True)}
        used = [word for word, kind in zip(words, shape, strict=True) if isinstance(kind, str)]
        for field in self._fields:
            if any(word in field.content for word in used):
                return False
            filled = field.fill(values, _AS_IT_IS)
            for word in used:
                for match in re.finditer(re.escape(word), filled):
                    before = filled[max(match.start() - 1, 0) : match.start()]
                    if not _BEFORE.match(before) or not _AFTER.match(filled, match.end()):
                        return False
        return True


_AS_IT_IS = Style()
_NEVER_SEEN = Mould((), (-1,))
_MAKE_NEXT_TIME = Mould((), (-2,))
_VARIANTS = 2


def _kind_of(text: str) -> Kind:
    if not _PLAIN.fullmatch(text):
        return None
    if text.isdecimal():
        return "number"
    return "numbered" if text[0].isdecimal() else "word"


def _stand_in(index: int, kind: Kind, variant: int) -> str:
    """Return a word that nobody writes, for the value at that index. The second variant is several words."""
    letters = "".join(chr(ord("a") + index // 26**place % 26) for place in range(3))
    match kind:
        case "number":
            return (f"70{index:04d}07", f"9090{index:05d}080808")[variant]
        case "numbered":
            return (f"7 Zq{letters}qz", f"80Xk{letters}x 9")[variant]
        case _:
            return (f"Zq{letters}qz", f"Xk{letters}ë 4v xk{letters}z")[variant]


def _value(kind: Kind, word: str) -> object:
    if isinstance(kind, bool):
        return "yes" if kind else "no"
    return None if kind is None else word


def _taken_apart(text: str, words: Sequence[str], shape: Shape) -> Mould | None:
    """Return the mould that a rendering with stand-ins is; None if one of them is not to be found in it."""
    holes = {word: index for index, word in enumerate(words) if isinstance(shape[index], str)}
    if not holes:
        return Mould((text,), ())
    pieces = re.split(f"({'|'.join(map(re.escape, holes))})", text)
    found = [holes[word] for word in pieces[1::2]]
    return Mould(pieces[::2], found) if set(found) == set(holes.values()) else None
