"""A row of a spreadsheet: who it is for, what it says, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Protocol

from attrs import define, frozen

from notify_core.content.keys import Personalisation, key_of
from notify_core.content.problems import NO_PROBLEMS, MessageProblems
from notify_core.recipients.email_address import InvalidEmailAddress, parse_email_address
from notify_core.recipients.phone_number import parse_phone_number
from notify_core.recipients.phone_number_errors import InvalidPhoneNumber
from notify_core.recipients.postal_address import PostalAddress, parse_address_personalisation
from notify_core.recipients.spreadsheet_columns import RECIPIENT_COLUMNS, Columns, RowValues, Value
from notify_core.vocabulary import Channel

MISSING = "Missing"
"""The error of a cell that should not be empty."""


class MessageTemplate(Protocol):
    """What a file needs of the template it is for. SmsTemplate, EmailTemplate and LetterTemplate have it."""

    @property
    def placeholders(self) -> Sequence[str]:
        """Every placeholder once."""
        ...

    def problems(self, values: Personalisation, *, prefix: str | None = None) -> MessageProblems:
        """Return what is wrong with the message for these values."""
        ...


@frozen(kw_only=True)
class Permissions:
    """What the sender may do, and what is checked at all."""

    international_sms: bool = False
    international_letters: bool = False
    sms_to_uk_landline: bool = False
    validate: bool = True
    validate_phone_number: bool = True


@frozen
class Cell:
    """One cell. `ignore` says that no placeholder and no recipient is taken from its column."""

    data: Value = None
    error: str | None = None
    ignore: bool = False

    @property
    def recipient_error(self) -> bool:
        """Whether what is in it is wrong, other than by being nothing."""
        return self.error not in (None, MISSING)


@define(slots=False)
class RowRules:
    """What all rows of a file are held to."""

    columns: Columns
    template: MessageTemplate
    permissions: Permissions
    prefix: str | None = None

    @cached_property
    def checks(self) -> list[tuple[str | None, Callable[[Value], str | None]]]:
        """For each column that is not ignored, by normalised name: what says what is wrong with a value."""
        if not self.permissions.validate:
            return []
        columns = self.columns
        keys = dict.fromkeys(key for key in columns.keys if key in columns.placeholder_keys)
        if columns.channel is Channel.LETTER:
            return [(key, _missing) for key in keys if key not in columns.recipient_keys]
        check = self._check_phone_number if columns.channel is Channel.SMS else self._check_email_address
        return [(key, check if key in columns.recipient_keys else _missing) for key in keys]

    def _check_phone_number(self, value: Value) -> str | None:
        if not isinstance(value, str):
            return self._missing_recipient
        if not self.permissions.validate_phone_number:
            return None
        try:
            parse_phone_number(value).check_permitted(
                international=self.permissions.international_sms,
                uk_landline=self.permissions.sms_to_uk_landline,
            )
        except InvalidPhoneNumber as error:
            return error.message
        return None

    def _check_email_address(self, value: Value) -> str | None:
        if not isinstance(value, str):
            return self._missing_recipient
        try:
            parse_email_address(value)
        except InvalidEmailAddress as error:
            return error.message
        return None

    @cached_property
    def _missing_recipient(self) -> str | None:
        """No recipient is missed as long as it is not clear in which of several columns it should be."""
        return None if self.columns.duplicate_recipients else MISSING

    def errors_of(self, values: RowValues) -> dict[str | None, str]:
        """Return what is wrong with cells, by normalised column name."""
        errors: dict[str | None, str] = {}
        for key, check in self.checks:
            error = check(values.get(key))
            if error is not None:
                errors[key] = error
        return errors


def _missing(value: Value) -> str | None:
    return None if value else MISSING


class Row:
    """One row. `index` counts from 0, without the header. What is wrong is found out when it is asked for."""

    __slots__ = ("_errors", "_problems", "_rules", "_values", "index")

    def __init__(self, index: int, values: RowValues, rules: RowRules) -> None:
        self.index = index
        self._values = values
        self._rules = rules
        self._errors: dict[str | None, str] | None = None
        self._problems: MessageProblems | None = None

    @property
    def recipient(self) -> Value:
        """Who the message goes to, as the file says; for letters the lines of the address."""
        values = self._values
        columns = RECIPIENT_COLUMNS[self._rules.columns.channel]
        if self._rules.columns.channel is Channel.LETTER:
            return [_text(values.get(key_of(column))) for column in columns]
        return values.get(key_of(columns[0]))

    @property
    def recipient_and_personalisation(self) -> Personalisation:
        """All columns, those of no use to the template, too."""
        return Personalisation.by_keys(self._values)

    @property
    def personalisation(self) -> Personalisation:
        """The columns that the template or the recipient is made of."""
        known = self._rules.columns.placeholder_keys
        return Personalisation.by_keys({key: value for key, value in self._values.items() if key in known})

    @property
    def as_postal_address(self) -> PostalAddress:
        """The address that the columns make."""
        return parse_address_personalisation(self.recipient_and_personalisation)

    @property
    def cells(self) -> Iterator[tuple[str | None, Cell]]:
        """The cells with their normalised column names."""
        errors, known = self.errors, self._rules.columns.placeholder_keys
        for key, value in self._values.items():
            yield key, Cell(value, errors.get(key), ignore=key not in known)

    def cell(self, name: str | None) -> Cell:
        """Return the cell of a column, whichever way its name is spelled; an empty one if there is none."""
        key = key_of(name)
        ignore = key not in self._rules.columns.placeholder_keys
        return Cell(self._values.get(key), self.errors.get(key), ignore=ignore) if key in self._values else Cell()

    @property
    def errors(self) -> dict[str | None, str]:
        """What is wrong with cells, by normalised column name."""
        if self._errors is None:
            self._errors = self._rules.errors_of(self._values)
        return self._errors

    @property
    def problems(self) -> MessageProblems:
        """What is wrong with the message that the row makes."""
        if self._problems is None:
            rules = self._rules
            self._problems = (
                rules.template.problems(self.recipient_and_personalisation, prefix=rules.prefix)
                if rules.permissions.validate
                else NO_PROBLEMS
            )
        return self._problems

    @property
    def message_too_long(self) -> bool:
        """Whether the message is longer than may be sent. Emails are not measured."""
        return self.problems.too_long

    @property
    def message_empty(self) -> bool:
        """Whether nothing is left of the message."""
        return self.problems.empty

    @property
    def qr_code_too_long(self) -> bool:
        """Whether a QR code cannot be made."""
        return self.problems.qr_code_too_long

    @property
    def has_error(self) -> bool:
        """Whether anything is wrong."""
        if self.errors or any(self.problems):
            return True
        return self._rules.columns.channel is Channel.LETTER and self.has_bad_recipient

    @property
    def has_bad_recipient(self) -> bool:
        """Whether what is given as the recipient cannot be written to."""
        rules = self._rules
        if rules.columns.channel is not Channel.LETTER:
            return any(self.errors.get(key, MISSING) != MISSING for key in rules.columns.recipient_keys)
        if not rules.permissions.validate:
            return False
        allow_international = rules.permissions.international_letters
        return self.as_postal_address.problem(allow_international=allow_international) is not None

    @property
    def has_missing_data(self) -> bool:
        """Whether a cell is empty that should not be."""
        return MISSING in self.errors.values()


def _text(value: Value) -> str | None:
    return value if value is None or isinstance(value, str) else "\n".join(filter(None, value))
