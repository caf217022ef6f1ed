"""Text messages: what is sent, and how many fragments it is billed as."""

from __future__ import annotations

import re

from attrs import field, frozen

from notify_core.content import fragments
from notify_core.content.alphabet import (
    compose_accents,
    downgrade_to_sms,
    has_separate_accents,
    unsupported_characters,
)
from notify_core.content.fragments import Encoding
from notify_core.content.placeholders import Field, Style, Values, additional_names, missing_names
from notify_core.content.problems import MessageProblems
from notify_core.content.whitespace import normalise_lines, tighten

SMS_CHARACTER_LIMIT = 918
"""Six fragments of the GSM alphabet, without the prefix. Extension characters count once."""

_PLAIN = Style()
_BLANK_LINES = re.compile(r"\n{3,}")

_SPACE = (" ", "\n")
_UNTIDY = ("  ", " ,", " .", " \n", "\n ", "\n\n\n")

# Where a template is rendered without any values, this stands for them until the whitespace is tidy, so that
# what surrounds a placeholder keeps its spaces. A noncharacter: Unicode promises that it means nothing.
_NO_VALUE = "\ufdd0"


@frozen
class SmsMessage:
    """A text message as it is sent.

    `unsanitised` is what was asked for, `text` what the alphabet of text messages makes of it, with the
    prefix. Counts are in characters; `prefix_length` includes the colon and space after the prefix.
    """

    text: str
    unsanitised: str = field(repr=False)
    prefix_length: int = 0

    @property
    def character_count(self) -> int:
        """The length of what is sent."""
        return len(self.text)

    @property
    def character_count_without_prefix(self) -> int:
        """The length that the limit applies to."""
        return max(len(self.text) - self.prefix_length, 0)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left beside the prefix."""
        return len(self.text) <= self.prefix_length

    @property
    def is_too_long(self) -> bool:
        """Whether the message exceeds SMS_CHARACTER_LIMIT."""
        return len(self.text) - self.prefix_length > SMS_CHARACTER_LIMIT

    @property
    def characters_above_limit(self) -> int:
        """By how much it does; else 0."""
        return max(self.character_count_without_prefix - SMS_CHARACTER_LIMIT, 0)

    @property
    def encoding(self) -> Encoding:
        """`gsm7`, or `unicode` when a Welsh letter outside the GSM alphabet is in it."""
        return fragments.encoding_of(self.text)

    @property
    def fragment_count(self) -> int:
        """How many fragments are sent, and billed; at least 1."""
        encoding = fragments.encoding_of(self.text)
        return fragments.count_fragments(fragments.places(self.text, encoding), encoding)

    @property
    def characters_above_previous_fragment_boundary(self) -> int:
        """How much of the last fragment is used."""
        encoding = fragments.encoding_of(self.text)
        return fragments.above_previous_boundary(fragments.places(self.text, encoding), encoding)

    @property
    def extension_count(self) -> int:
        """How many characters take two places in the GSM alphabet."""
        return fragments.extension_count(self.text)

    @property
    def unicode_characters(self) -> tuple[str, ...]:
        """The letters that make the encoding `unicode`, in order of appearance."""
        return fragments.unicode_characters(self.text)

    @property
    def unsupported_characters(self) -> frozenset[str]:
        """The characters of which only a question mark was left."""
        return unsupported_characters(self.unsanitised)


class SmsTemplate:
    """A text message with places to be filled. Immutable; made once, it renders for any number of people.

    >>> template = SmsTemplate("Dear ((name)), your code is ((code)) .")
    >>> template.placeholders
    ('name', 'code')
    >>> message = template.render({"name": "Jo", "code": 1234}, prefix="Parking")
    >>> message.text, message.fragment_count
    ('Parking: Dear Jo, your code is 1234.', 1)
    """

    __slots__ = ("_field",)

    def __init__(self, content: str) -> None:
        self._field = Field(content)

    @property
    def content(self) -> str:
        """The content as it was written."""
        return self._field.content

    @property
    def placeholders(self) -> tuple[str, ...]:
        """Every placeholder once, in its first spelling, in order."""
        return self._field.placeholders

    def missing(self, values: Values | None) -> tuple[str, ...]:
        """Return the placeholders without a value, as the template spells them."""
        return missing_names(self.placeholders, values)

    def additional(self, values: Values | None) -> tuple[str, ...]:
        """Return the given names that are no placeholders."""
        return additional_names(self.placeholders, values)

    def render(self, values: Values | None, *, prefix: str | None = None) -> SmsMessage:
        """Return the message for these values. Raises UnusableValue.

        A missing value leaves its placeholder as it was typed; without any values at all, placeholders vanish.
        `prefix` goes in front, with a colon.
        """
        prefix = (prefix or "").strip()
        if values or not self.placeholders:
            body = self._field.fill(values, _PLAIN)
            text = tidy(f"{prefix}: {body}" if prefix else body)
        else:
            body = self._field.fill(dict.fromkeys(self.placeholders, _NO_VALUE), _PLAIN)
            text = tidy(f"{prefix}: {body}" if prefix else body).replace(_NO_VALUE, "")
        return SmsMessage(
            text=downgrade_to_sms(text),
            unsanitised=text,
            prefix_length=len(downgrade_to_sms(compose_accents(prefix))) + 2 if prefix else 0,
        )

    def problems(self, values: Values | None, *, prefix: str | None = None) -> MessageProblems:
        """Return what is wrong with the message for these values. Raises UnusableValue."""
        message = self.render(values, prefix=prefix)
        return MessageProblems(too_long=message.is_too_long, empty=message.is_empty)


def tidy(text: str) -> str:
    r"""Delete what cannot be seen: surplus spaces, spaces before punctuation, more than one blank line.

    >>> tidy(" Hello  Jo ,\n\n\n\nbye ")
    'Hello Jo,\n\nbye'
    """
    if _is_tidy(text):
        return text
    lines = normalise_lines(tighten(compose_accents(text)))
    return _BLANK_LINES.sub("\n\n", lines).strip()


def _is_tidy(text: str) -> bool:
    """Whether text is plainly tidy already, as most of it is. A quick look, which may say no to tidy text."""
    if text.startswith(_SPACE) or text.endswith(_SPACE) or any(map(text.__contains__, _UNTIDY)):
        return False
    # Every space but the ordinary one, and whatever is not seen, is not printable.
    return text.replace("\n", "").isprintable() and not has_separate_accents(text)
