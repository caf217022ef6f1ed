"""Phone numbers: what people type, what is dialled, and whether it may be texted.

The plans of all countries are those of libphonenumber. Most numbers here are British mobiles in their usual
spellings; those are recognised by libphonenumber's own pattern without running the whole of it.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache
from typing import Final

import phonenumbers
from attrs import frozen
from phonenumbers import PhoneNumberType, ValidationResult

from notify_core.content.alphabet import downgrade_to_ascii
from notify_core.content.whitespace import ALL_SPACE
from notify_core.recipients.international_rates import (
    RATES,
    Rate,
    country_prefix,
    delivery_receipts_trusted,
)
from notify_core.recipients.phone_number_errors import (
    EmergencyNumber,
    InvalidNumber,
    InvalidPhoneNumber,
    NotAUkMobile,
    TooLong,
    TooShort,
    UnknownCharacter,
    UnsupportedCountryCode,
)

__all__ = ["InvalidPhoneNumber", "PhoneNumber", "delivery_receipts_trusted", "parse_phone_number"]

_UK: Final = 44
_GB: Final = "GB"
_EMERGENCY = frozenset({"999", "112"})
_SHORT_CODE_LENGTH = 3

_UNKNOWN_CHARACTER = re.compile(rf"[^0-9()+\-{re.escape(ALL_SPACE)}]")
_SPACE = {ord(character): None for character in ALL_SPACE}

# What may be written to: no freephone, premium, shared-cost, pager or voice-over-IP numbers.
_ACCEPTED_TYPES = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.UAN,
        PhoneNumberType.PERSONAL_NUMBER,
    }
)
_LANDLINE_TYPES = frozenset({PhoneNumberType.FIXED_LINE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.UAN})
_WHY_IMPOSSIBLE: dict[int, type[InvalidPhoneNumber]] = {
    ValidationResult.TOO_LONG: TooLong,
    ValidationResult.TOO_SHORT: TooShort,
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: TooShort,
    ValidationResult.INVALID_COUNTRY_CODE: UnsupportedCountryCode,
}

# Ofcom keeps these for films and examples, so libphonenumber takes them for invalid.
_DRAMA = re.compile(r"7700900[0-9]{3}")

_USUAL_UK_MOBILE = re.compile(r"(?:\+44 ?|44 ?|0044 ?|0)?(7[0-9]{3})[ -]?([0-9]{3})[ -]?([0-9]{3})")


@frozen(kw_only=True)
class PhoneNumber:
    """A number that exists, or could. Whether it may be texted is for `check_permitted` to say.

    `digits` are those dialled after `country_code`; in some countries they begin with a zero. `region` is the
    ISO code of the country, or None for numbers that belong to none. `kind` is libphonenumber's type of number.
    """

    country_code: int
    digits: str
    region: str | None
    kind: int

    @property
    def normalised(self) -> str:
        """The number as it is stored and handed to providers: E.164 without the plus."""
        return f"{self.country_code}{self.digits}"

    @property
    def national_number(self) -> str:
        """The number without its country code and without leading zeros: what people search for."""
        return self.digits.lstrip("0") or "0"

    @property
    def human_readable(self) -> str:
        """The number as people write it: `07400 123456`, `+33 6 12 34 56 78`. `parse_phone_number` reads it back."""
        if self.is_uk_prefix and self.kind == PhoneNumberType.MOBILE:
            return f"0{self.digits[:4]} {self.digits[4:]}"
        zeros = len(self.digits) - len(self.national_number)
        number = phonenumbers.PhoneNumber(
            country_code=self.country_code,
            national_number=int(self.national_number),
            italian_leading_zero=True if zeros else None,
            number_of_leading_zeros=zeros if zeros > 1 else None,
        )
        form = phonenumbers.PhoneNumberFormat
        written = phonenumbers.format_number(number, form.NATIONAL if self.is_uk_prefix else form.INTERNATIONAL)
        # New Caledonia writes dots between digits, but a number with a dot is refused when it is typed in.
        return str(written).replace(".", " ")

    @property
    def is_uk_prefix(self) -> bool:
        """Whether it is dialled like a British number. Those of the Crown dependencies are."""
        return self.country_code == _UK

    @property
    def international(self) -> bool:
        """Whether texting it is billed as abroad. For the Crown dependencies it is."""
        return self.region != _GB

    @property
    def crown_dependency(self) -> bool:
        """Whether it belongs to Jersey, Guernsey or Man: billed as abroad, but no permission is needed."""
        return self.is_uk_prefix and self.international

    @property
    def country_prefix(self) -> str:
        """What it is rated by."""
        return country_prefix(self.country_code, self.digits)

    @property
    def rate_multiplier(self) -> int:
        """How many domestic texts one text to it costs."""
        return self._rate.multiplier if self.international and self._rate else 1

    @property
    def use_numeric_sender(self) -> bool:
        """Whether its networks refuse senders with letters in their name."""
        return self._rate is not None and self._rate.alphanumeric_senders == "NO"

    @property
    def delivery_receipts_trusted(self) -> bool:
        """Whether its networks report truly what became of a text."""
        return delivery_receipts_trusted(self.country_prefix)

    @property
    def _rate(self) -> Rate | None:
        return RATES.get(self.country_prefix)

    def check_permitted(self, *, international: bool, uk_landline: bool) -> None:
        """Refuse a number of a kind that the sender may not text. Raises InvalidPhoneNumber.

        >>> parse_phone_number("07400 123456").check_permitted(international=False, uk_landline=False)
        >>> parse_phone_number("+33612345678").check_permitted(international=False, uk_landline=False)
        Traceback (most recent call last):
        ...
        notify_core.recipients.phone_number_errors.NotAUkMobile: This does not look like a UK mobile number – ...
        """
        if not self.is_uk_prefix and not international:
            raise NotAUkMobile
        if self.is_uk_prefix and self.kind in _LANDLINE_TYPES and not uk_landline:
            raise NotAUkMobile
        if self._rate is None:
            raise UnsupportedCountryCode


def parse_phone_number(raw: object, *, is_service_contact_number: bool = False) -> PhoneNumber:
    """Read a phone number in any usual spelling. Raises InvalidPhoneNumber, with a `code` that says why.

    A number that cannot be read is tried again without its plus signs and leading zeros, since people put
    them where they do not belong; then the error is that of the second try. A service may give a number of
    three digits, like 101, for others to call. Whatever is no text is no number.

    >>> parse_phone_number("+44 (0)7400 123456").normalised
    '447400123456'
    >>> parse_phone_number("0033 6 12 34 56 78").human_readable
    '+33 6 12 34 56 78'
    >>> parse_phone_number("0800 123 4567")
    Traceback (most recent call last):
    ...
    notify_core.recipients.phone_number_errors.InvalidNumber: Number is not valid – double check the ...
    """
    if not isinstance(raw, str):
        raise InvalidNumber
    return _usual_uk_mobile(raw) or parse_in_full(raw, is_service_contact_number=is_service_contact_number)


def parse_in_full(raw: str, *, is_service_contact_number: bool = False) -> PhoneNumber:
    """Read a phone number without the shortcut for the usual ones. Raises InvalidPhoneNumber.

    >>> parse_in_full("07700 900123") == parse_phone_number("07700 900123")
    True
    """
    try:
        return _parse(raw, is_service_contact_number)
    except InvalidPhoneNumber as first_error:
        retried = _parse(_without_surplus(raw), is_service_contact_number)
        if retried.is_uk_prefix and _names_another_country(raw):
            raise first_error from None
        return retried


def _usual_uk_mobile(raw: str) -> PhoneNumber | None:
    match = _USUAL_UK_MOBILE.fullmatch(raw)
    if match is None:
        return None
    number = "".join(match.groups())
    if not _uk_mobiles().fullmatch(number):
        return None
    return PhoneNumber(country_code=_UK, digits=number, region=_GB, kind=PhoneNumberType.MOBILE)


@cache
def _uk_mobiles() -> re.Pattern[str]:
    """Return libphonenumber's own pattern of British mobiles, with the numbers of films beside it."""
    plan = phonenumbers.PhoneMetadata.metadata_for_region(_GB)
    assert plan is not None
    assert plan.mobile is not None
    return re.compile(f"{plan.mobile.national_number_pattern}|{_DRAMA.pattern}")


def _parse(text: str, is_service_contact_number: bool) -> PhoneNumber:
    _check_characters(text)
    number = _read(text)
    described = _described(number)
    if is_service_contact_number and len(described.national_number) == _SHORT_CODE_LENGTH:
        if described.national_number in _EMERGENCY:
            raise EmergencyNumber
        return described
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        number = _read_as_international(text, number)
        described = _described(number)
    if described.kind not in _ACCEPTED_TYPES:
        raise InvalidNumber
    return described


def _check_characters(text: str) -> None:
    if _UNKNOWN_CHARACTER.search(text):
        raise UnknownCharacter
    if not text:
        raise TooShort


def _read(text: str) -> phonenumbers.PhoneNumber:
    try:
        return phonenumbers.parse(text, _GB)
    except phonenumbers.NumberParseException:
        raise InvalidNumber from None


def _read_as_international(text: str, domestic: phonenumbers.PhoneNumber) -> phonenumbers.PhoneNumber:
    with suppress(phonenumbers.NumberParseException):
        number = phonenumbers.parse(f"+{text}", _GB)
        if phonenumbers.is_possible_number(number):
            return number
    reason = phonenumbers.is_possible_number_with_reason(domestic)
    raise _WHY_IMPOSSIBLE.get(reason, InvalidNumber)


def _described(number: phonenumbers.PhoneNumber) -> PhoneNumber:
    digits = phonenumbers.national_significant_number(number)
    assert number.country_code is not None
    if number.country_code == _UK and _DRAMA.fullmatch(digits):
        return PhoneNumber(country_code=_UK, digits=digits, region=_GB, kind=PhoneNumberType.MOBILE)
    return PhoneNumber(
        country_code=number.country_code,
        digits=digits,
        region=phonenumbers.region_code_for_number(number),
        kind=phonenumbers.number_type(number),
    )


def _without_surplus(raw: str) -> str:
    return downgrade_to_ascii(raw.replace("+", "").lstrip("0"))


def _names_another_country(raw: str) -> bool:
    """Whether the number was typed with a plus and the code of another country: then it never becomes British."""
    digits = raw.translate(_SPACE).lstrip("(-")
    return digits.startswith("+") and not digits.startswith(("+0", "+44"))
