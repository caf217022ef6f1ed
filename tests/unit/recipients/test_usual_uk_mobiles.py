"""Usual spellings of British mobiles take a shortcut. It leads where the long way leads."""

from __future__ import annotations

import pytest

from notify_core.recipients.phone_number import PhoneNumber, parse_in_full, parse_phone_number
from notify_core.recipients.phone_number_errors import InvalidPhoneNumber

SPELLINGS = ["0{}", "{}", "44{}", "+44{}", "0044{}", "+44 {}", "44 {}", "0044 {}"]


def outcome(number: PhoneNumber) -> tuple[object, ...]:
    return number, number.human_readable, number.international, number.country_prefix


def in_full(raw: str) -> tuple[object, ...]:
    try:
        return outcome(parse_in_full(raw))
    except InvalidPhoneNumber as error:
        return (error.code,)


def shortcut(raw: str) -> tuple[object, ...]:
    try:
        return outcome(parse_phone_number(raw))
    except InvalidPhoneNumber as error:
        return (error.code,)


@pytest.mark.parametrize("block", range(100))
def test_every_range_of_mobiles(block: int) -> None:
    numbers = [f"07{block:02d}{start:02d}{end}" for start in range(100) for end in ("00000", "91234")]

    assert [shortcut(number) for number in numbers] == [in_full(number) for number in numbers]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("gaps", ["{}{}{}", "{} {}{}", "{} {} {}", "{}-{}-{}", "{}-{}{}"])
@pytest.mark.parametrize("digits", ["7400123456", "7700900123", "7797712345", "7012345678", "7612345678"])
def test_every_usual_spelling(spelling: str, gaps: str, digits: str) -> None:
    number = spelling.format(gaps.format(digits[:4], digits[4:7], digits[7:]))

    assert shortcut(number) == in_full(number)
