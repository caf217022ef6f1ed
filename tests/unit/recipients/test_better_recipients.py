"""Weaknesses of the original that are none here. Each is a decision, recorded in docs/decisions/0101 and after."""

from __future__ import annotations

import pytest

from notify_core.content.sms import SmsTemplate
from notify_core.recipients.country import find_country
from notify_core.recipients.phone_number import parse_phone_number
from notify_core.recipients.phone_number_errors import InvalidNumber, InvalidPhoneNumber
from notify_core.recipients.postal_address import parse_postal_address
from notify_core.recipients.spreadsheet import RecipientFile
from notify_core.vocabulary import Channel


@pytest.mark.parametrize("raw", ["+3361234567", "+1202555012", "(+33) 61234567"])
def test_a_mistyped_foreign_number_never_becomes_a_british_one(raw: str) -> None:
    with pytest.raises(InvalidPhoneNumber):
        parse_phone_number(raw)


def test_numbers_for_drama_are_british() -> None:
    assert not parse_phone_number("07700 900123").international
    assert parse_phone_number("07700 800123").crown_dependency  # the range begins alike, and is Jersey's
    with pytest.raises(InvalidPhoneNumber):
        parse_phone_number("+17700900123")


@pytest.mark.parametrize("raw", [None, 7400123456, b"07400123456", ["07400123456"]])
def test_what_is_no_text_is_no_number(raw: object) -> None:
    with pytest.raises(InvalidNumber):
        parse_phone_number(raw)


def test_a_row_without_a_number_does_not_stop_the_counting_of_foreign_ones() -> None:
    file = RecipientFile("phone number,n\n,x\n+33612345678,y\n", SmsTemplate("x"), Channel.SMS)

    assert file.international_sms_count == 1


def test_only_the_end_of_an_address_names_its_country() -> None:
    address = parse_postal_address("Jersey\nStreet\nTown\nJE1 1AA\nUK")

    assert address.normalised_lines == ("Jersey", "Street", "Town", "JE1 1AA")


@pytest.mark.parametrize("name", ["Netherlands", "The Netherlands", "THE  netherlands", "The Gambia", "Gambia"])
def test_a_country_is_known_with_and_without_its_article(name: str) -> None:
    assert find_country(name) is not None


def test_a_name_that_begins_like_an_article_is_none() -> None:
    assert find_country("Thefrance") is None
