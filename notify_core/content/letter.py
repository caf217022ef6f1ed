"""Letters: what is printed, without the pages. Laying them out is for others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from attrs import frozen

from notify_core.calendar import london_date
from notify_core.content.escaping import escape_html
from notify_core.content.keys import Personalisation, first_spellings
from notify_core.content.letter_html import LetterBody, render_letter
from notify_core.content.markdown import parse
from notify_core.content.placeholders import Field, Style, Values, additional_names, missing_names
from notify_core.content.problems import MessageProblems
from notify_core.content.qr_codes import QrCodeDoesNotFit, QrCodeTooLong, check_size
from notify_core.content.typography import set_type
from notify_core.content.whitespace import one_line, tighten
from notify_core.recipients.postal_address import (
    ADDRESS_LINES,
    LAST_LINE,
    POSTCODE_LINE,
    parse_address_personalisation,
)

Language = Literal["english", "welsh"]

MOST_PAGES = 10
MOST_SHEETS = 5

_SOURCE = Style(html=True, markdown_lists=True)
_ESCAPED = Style(html=True, escape=True)
_BODY = Style(html=True, escape=True, markdown_lists=True)
_REDACTED_BODY = Style(html=True, escape=True, markdown_lists=True, redact=True)
_ADDRESS = Style(html=True, escape=True, brackets=False)

_WELSH_MONTHS = (
    "Ionawr",
    "Chwefror",
    "Mawrth",
    "Ebrill",
    "Mai",
    "Mehefin",
    "Gorffennaf",
    "Awst",
    "Medi",
    "Hydref",
    "Tachwedd",
    "Rhagfyr",
)
_ENGLISH_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_MONTHS: dict[Language, tuple[str, ...]] = {"english": _ENGLISH_MONTHS, "welsh": _WELSH_MONTHS}
_PAGE_NUMBERS: dict[Language, str] = {"english": "Page {page} of {pages}", "welsh": "Tudalen {page} o {pages}"}


@frozen(kw_only=True)
class AddressBlock:
    """Where the letter goes.

    A complete address is `lines` of plain text, normalised. Of an incomplete one, there are the seven lines as
    far as they are known, in HTML with markers for those that are not.
    """

    lines: Sequence[str]
    is_complete: bool

    @property
    def html(self) -> str:
        """The lines as HTML, under each other."""
        lines = [escape_html(line) for line in self.lines] if self.is_complete else self.lines
        return "<br>".join(lines)


@frozen(kw_only=True)
class LetterMessage:
    """A letter as it is printed. All but `address` and `date` is HTML; `qr_payloads` is what its QR codes hold."""

    subject: str
    body: str
    contact_block: str
    address: AddressBlock
    date: str
    language: Language
    qr_payloads: Sequence[str]

    @property
    def qr_code_too_long(self) -> QrCodeTooLong | None:
        """The first QR code that cannot be made, or None."""
        return next(filter(None, map(check_size, self.qr_payloads)), None)

    def check_qr_codes(self) -> None:
        """Raise QrCodeDoesNotFit when a QR code cannot be made."""
        too_long = self.qr_code_too_long
        if too_long is not None:
            raise QrCodeDoesNotFit(too_long)

    def page_number(self, page: int, pages: int) -> str:
        """Return what stands at the foot of a page, in the language of the letter."""
        return _PAGE_NUMBERS[self.language].format(page=page, pages=pages)


class LetterTemplate:
    r"""A letter with places to be filled. Immutable; made once, it renders for any number of people.

    In Welsh, the Welsh subject and content stand in for the English ones. The address comes from
    `address_line_1` and so on among the values, which are no placeholders of the template.

    >>> template = LetterTemplate("Your ((thing))", "Dear ((name))", contact_block="1 High St\nEly")
    >>> template.placeholders
    ('thing', 'name')
    >>> from datetime import UTC
    >>> letter = template.render({"name": "Jo-Ann", "thing": "bike"}, date=datetime(2025, 1, 1, tzinfo=UTC))
    >>> letter.subject, letter.contact_block, letter.date
    ('Your bike', '1 High St<br>Ely', '1 January 2025')
    """

    def __init__(
        self,
        subject: str,
        content: str,
        *,
        contact_block: str = "",
        language: Language = "english",
        welsh_subject: str | None = None,
        welsh_content: str | None = None,
    ) -> None:
        welsh_fields = Field(welsh_subject or ""), Field(welsh_content or "")
        self.language: Language = language
        self._contact_block = Field("\n".join(line.strip() for line in contact_block.strip().splitlines()))
        self._subject, self._content = welsh_fields if language == "welsh" else (Field(subject), Field(content))
        fields = (self._contact_block, *welsh_fields, self._subject, self._content)
        self.placeholders = first_spellings(name for field in fields for name in field.placeholders)

    def missing(self, values: Values | None) -> tuple[str, ...]:
        """Return the placeholders without a value, as the template spells them."""
        return missing_names(self.placeholders, values)

    def additional(self, values: Values | None) -> tuple[str, ...]:
        """Return the given names that are no placeholders."""
        return additional_names(self.placeholders, values)

    def render_source(self, values: Values | None) -> str:
        """Return the content with values in it, as its sender sees it. Raises UnusableValue."""
        return self._content.fill(values, _SOURCE).strip()

    def is_empty(self, values: Values | None) -> bool:
        """Whether nothing is left of the content. Raises UnusableValue."""
        return self._content.may_be_empty and not self.render_source(values)

    def render(self, values: Values | None, *, date: datetime, redact_missing: bool = False) -> LetterMessage:
        """Return the letter, dated with the London day of an aware moment. Raises UnusableValue.

        `redact_missing` hides the names of missing placeholders in the body.
        """
        body = self._body(values, redact_missing=redact_missing)
        return LetterMessage(
            subject=one_line(set_type(self._subject.fill(values, _ESCAPED))),
            body=body.html,
            contact_block=tighten(self._contact_block.fill(values, _ESCAPED)).replace("\n", "<br>"),
            address=_address_block(values),
            date=self._date(date),
            language=self.language,
            qr_payloads=body.qr_payloads,
        )

    def qr_code_too_long(self, values: Values | None) -> QrCodeTooLong | None:
        """Return the first QR code that cannot be made with these values, or None. Raises UnusableValue."""
        payloads = self._body(values, redact_missing=False).qr_payloads
        return next(filter(None, map(check_size, payloads)), None)

    def problems(self, values: Values | None, *, prefix: str | None = None) -> MessageProblems:
        """Return what is wrong with the letter for these values. Letters have no prefix. Raises UnusableValue."""
        del prefix
        return MessageProblems(
            empty=self.is_empty(values), qr_code_too_long=self.qr_code_too_long(values) is not None
        )

    def _body(self, values: Values | None, *, redact_missing: bool) -> LetterBody:
        return render_letter(parse(self._content.fill(values, _REDACTED_BODY if redact_missing else _BODY) + "\n"))

    def _date(self, moment: datetime) -> str:
        day = london_date(moment)
        return f"{day.day} {_MONTHS[self.language][day.month - 1]} {day.year}"


_ADDRESS_FIELDS = tuple(Field(f"((address line {number}))") for number in range(1, len(ADDRESS_LINES) + 1))
_LAST_ADDRESS_FIELD = Field("((address line 7))")


def _address_block(values: Values | None) -> AddressBlock:
    given = Personalisation(values)
    address = parse_address_personalisation(given)
    if address.has_enough_lines and not address.has_too_many_lines:
        return AddressBlock(lines=address.normalised_lines, is_complete=True)
    last = given.get(LAST_LINE)
    by_key = {**given, **Personalisation({LAST_LINE: given.get(POSTCODE_LINE) if last is None else last})}
    lines = [field.fill(by_key, _ADDRESS) for field in (*_ADDRESS_FIELDS, _LAST_ADDRESS_FIELD)]
    return AddressBlock(lines=tuple(lines), is_complete=False)
