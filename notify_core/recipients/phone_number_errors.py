"""What can be wrong with a phone number: a code for programs, and sentences for two audiences.

`message` is for people who look at their spreadsheet, `v2_message` for clients of the API.
"""

from __future__ import annotations

from typing import ClassVar

from notify_core.errors import InvalidRecipient


class InvalidPhoneNumber(InvalidRecipient):
    """The number cannot be texted. One of its subclasses says why."""

    code = "invalid-phone-number"
    sentence: ClassVar[str] = "Number is not valid – double check the phone number you entered"
    v2_message: ClassVar[str] = sentence

    def __init__(self) -> None:
        super().__init__(self.sentence)


class InvalidNumber(InvalidPhoneNumber):
    """There is no such number, or it is of a kind that cannot be texted."""

    code = "invalid_number"


class TooLong(InvalidPhoneNumber):
    """It has too many digits for its country."""

    code = "too_long"
    sentence = "Mobile number is too long"
    v2_message = "Too many digits"


class TooShort(InvalidPhoneNumber):
    """It has too few digits for its country."""

    code = "too_short"
    sentence = "Mobile number is too short"
    v2_message = "Not enough digits"


class NotAUkMobile(InvalidPhoneNumber):
    """It is abroad, or a landline, and the sender may only text British mobiles."""

    code = "not_a_uk_mobile"
    sentence = "This does not look like a UK mobile number – double check the mobile number you entered"
    v2_message = "Not a UK mobile number"


class UnknownCharacter(InvalidPhoneNumber):
    """It holds something that is neither a digit nor put between digits."""

    code = "unknown_character"
    sentence = "Mobile numbers can only include: 0 1 2 3 4 5 6 7 8 9 ( ) + -"
    v2_message = "Must not contain letters or symbols"


class UnsupportedCountryCode(InvalidPhoneNumber):
    """It belongs to a country that cannot be texted."""

    code = "unsupported_country_code"
    sentence = "Country code not found - double check the mobile number you entered"
    v2_message = "Not a valid country prefix"


class EmergencyNumber(InvalidPhoneNumber):
    """Nobody may be told to call an emergency number through a message."""

    code = "unsupported_emergency_number"
    sentence = "Phone number cannot be an emergency number"
    v2_message = sentence
