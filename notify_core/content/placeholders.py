"""Placeholders: `((name))`, and `((name??text))` for text that is shown or not.

Content is taken apart once, into a `Field`; filling it is then putting values between the pieces. Values are
never looked at again, so a value that looks like a placeholder stays what it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import field, frozen

from notify_core.content.escaping import escape_html
from notify_core.content.keys import Personalisation, first_spellings, key_of
from notify_core.content.prose import markdown_list, prose_list
from notify_core.content.whitespace import clean
from notify_core.errors import InvalidContent

Values = Mapping[str, object] | Mapping[str | None, object]
"""What a template is filled with: a plain mapping, or a Personalisation made of one."""

_PLACEHOLDER = re.compile(r"\(\(([^()]+)\)\)")
_SHOWN_FOR = frozenset({"yes", "y", "true", "t", "1", "include", "show"})


class UnusableValue(InvalidContent):
    """A value cannot be turned into text: a number of thousands of digits, or lists nested too deeply."""

    code = "unusable-value"

    def __init__(self) -> None:
        super().__init__("A personalisation value is too large to be shown. Send it as a shorter text.")


@frozen
class Placeholder:
    """One place to be filled. `text` is None for an ordinary one, else what a conditional one may show.

    >>> Placeholder.parse("late??You are late.")
    Placeholder(name='late', text='You are late.')
    """

    name: str
    text: str | None = None
    key: str | None = field(init=False, repr=False)

    @key.default
    def _key(self) -> str | None:
        return key_of(self.name)

    @classmethod
    def parse(cls, inside: str) -> Placeholder:
        """Read what stands between the brackets. Only the first `??` divides the name from the text."""
        name, separator, text = inside.partition("??")
        return cls(name, text if separator else None)

    def escaped(self) -> Placeholder:
        """Return the placeholder as it stands in HTML."""
        return Placeholder(escape_html(self.name), None if self.text is None else escape_html(self.text))


@frozen(kw_only=True)
class Style:
    """How a field is filled.

    `html` marks what is missing with HTML; `escape` makes content and values safe for HTML; `redact` hides
    the names of what is missing; `brackets` shows them in brackets; `markdown_lists` makes a list of values a
    bulleted list instead of prose.
    """

    html: bool = False
    escape: bool = False
    markdown_lists: bool = False
    redact: bool = False
    brackets: bool = True

    def value(self, value: object) -> str:
        """Return a value as text. Raises UnusableValue."""
        text = value if isinstance(value, str) else self._text_of(value)
        return escape_html(text) if self.escape else text

    def _text_of(self, value: object) -> str:
        try:
            if not isinstance(value, list | tuple):
                return str(value)
            items = [clean(str(item)) for item in value if item is not None]
        except (ValueError, RecursionError):
            raise UnusableValue from None
        items = [item for item in items if item]
        if not items:
            return ""
        return markdown_list(items) if self.markdown_lists else prose_list(items)

    def missing(self, placeholder: Placeholder) -> str:
        """Return what stands where a value is missing. The placeholder comes escaped, if the style escapes."""
        if self.redact:
            return "<span class='placeholder-redacted'>hidden</span>" if self.html else "[hidden]"
        name, text = placeholder.name, placeholder.text
        if text is not None:
            return self._missing_conditional(name, text)
        if not self.brackets:
            return f"<span class='placeholder-no-brackets'>{name}</span>" if self.html else name
        if self.html:
            return f"<span class='placeholder'>&#40;&#40;{name}&#41;&#41;</span>"
        return f"(({name}))"

    def _missing_conditional(self, name: str, text: str) -> str:
        if self.html:
            return f"<span class='placeholder-conditional'>&#40;&#40;{name}??</span>{text}&#41;&#41;"
        return f"(({name}??{text}))"


class Field:
    """Content with its places to be filled.

    >>> greeting = Field("Dear ((name))((late??, you are late))")
    >>> greeting.placeholders
    ('name', 'late')
    >>> greeting.fill({"name": "Jo", "late": "no"})
    'Dear Jo'
    """

    __slots__ = ("_escaped", "_plain", "content", "placeholders")

    def __init__(self, content: str) -> None:
        self.content = content
        self._plain = _take_apart(content)
        self._escaped: tuple[str | Placeholder, ...] | None = None
        self.placeholders = first_spellings(piece.name for piece in self._plain if isinstance(piece, Placeholder))

    @property
    def may_be_empty(self) -> bool:
        """Whether nothing may be left of the content, as far as a glance can tell."""
        return not self.content or (self.content.startswith("((") and self.content.endswith("))"))

    @property
    def pieces(self) -> tuple[str | Placeholder, ...]:
        """The content in order: text as it is typed, and placeholders."""
        return self._plain

    @property
    def escaped_pieces(self) -> tuple[str | Placeholder, ...]:
        """The same, escaped for HTML. Placeholders were found before, so an entity never becomes a bracket."""
        if self._escaped is None:
            self._escaped = tuple(
                escape_html(piece) if isinstance(piece, str) else piece.escaped() for piece in self._plain
            )
        return self._escaped

    def fill(self, values: Values | None, style: Style = Style()) -> str:
        """Return the content with values in it. Raises UnusableValue.

        Names match however they are spelled. None counts as missing, and so does everything when there are no
        values at all.
        """
        if not self.placeholders:
            return escape_html(self.content) if style.escape else self.content
        by_key = _by_key(values, style)
        pieces = self.escaped_pieces if style.escape else self._plain
        if style.escape:
            return "".join(
                [
                    piece if isinstance(piece, str) else _filled(piece, by_key.get(piece.key), style)
                    for piece in pieces
                ]
            )
        # Most values are texts that go in as they are: worth the words, since every message is filled in.
        filled = []
        for piece in pieces:
            if isinstance(piece, str):
                filled.append(piece)
                continue
            value = by_key.get(piece.key)
            if piece.text is None and isinstance(value, str):
                filled.append(value)
            else:
                filled.append(_filled(piece, value, style))
        return "".join(filled)


def missing_names(placeholders: tuple[str, ...], values: Values | None) -> tuple[str, ...]:
    """Return the placeholders that have no value. An empty text or list is a value, None is not.

    >>> missing_names(("name", "town"), {"NAME": "Jo", "town": None})
    ('town',)
    """
    by_key = Personalisation(values).by_key
    return tuple(name for name in placeholders if by_key.get(key_of(name)) is None)


def additional_names(placeholders: tuple[str, ...], values: Values | None) -> tuple[str, ...]:
    """Return the given names that belong to no placeholder, each once, in the spelling that comes first.

    >>> additional_names(("name",), {"NAME": "Jo", "town": "Ely"})
    ('town',)
    """
    known = {key_of(name) for name in placeholders}
    return first_spellings(str(name) for name in values or () if key_of(name) not in known)


def _take_apart(content: str) -> tuple[str | Placeholder, ...]:
    pieces = _PLACEHOLDER.split(content)
    parsed = [Placeholder.parse(piece) if index % 2 else piece for index, piece in enumerate(pieces)]
    return tuple(piece for piece in parsed if piece != "")


def _by_key(values: Values | Mapping[str | None, object] | None, style: Style) -> Mapping[str | None, object]:
    by_key = Personalisation(values).by_key
    if style.escape and any(name is not None and not _UNESCAPED.isdisjoint(name) for name in by_key):
        return {key_of(None if name is None else escape_html(name)): value for name, value in by_key.items()}
    return by_key


_UNESCAPED = frozenset("&<>")


def _filled(placeholder: Placeholder, value: object, style: Style) -> str:
    if value is None:
        return style.missing(placeholder)
    if placeholder.text is None:
        return style.value(value)
    return placeholder.text if is_shown_for(value, style) else ""


def is_shown_for(value: object, style: Style) -> bool:
    """Whether a conditional placeholder with this value shows its text. Raises UnusableValue.

    >>> [is_shown_for(value, Style()) for value in ("Yes", True, 1, "on", 2, " yes")]
    [True, True, True, False, False, False]
    """
    return style.value(value).lower() in _SHOWN_FOR
