"""Phone numbers, email addresses and postal addresses, as the corpus has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from notify_core.recipients import (
    InvalidEmailAddress,
    InvalidPhoneNumber,
    PhoneNumber,
    PostalAddress,
    parse_address_personalisation,
    parse_email_address,
    parse_phone_number,
    parse_postal_address,
)

if TYPE_CHECKING:
    from tests.unit.conformance.conftest import Case


@pytest.mark.corpus("phone_numbers")
def test_phone_numbers(case: Case) -> None:
    case.check(observed_phone_number(case.given))


def observed_phone_number(given: dict[str, Any]) -> dict[str, Any]:
    try:
        number = parse_phone_number(
            given["number"], is_service_contact_number=given.get("is_service_contact_number", False)
        )
    except InvalidPhoneNumber as error:
        return refused("parse", error)
    try:
        number.check_permitted(international=given["allow_international"], uk_landline=given["allow_uk_landline"])
    except InvalidPhoneNumber as error:
        return refused("permissions", error)
    return accepted(number)


def refused(stage: str, error: InvalidPhoneNumber) -> dict[str, Any]:
    return {
        "valid": False,
        "stage": stage,
        "code": error.code,
        "message": error.message,
        "v2_message": error.v2_message,
    }


def accepted(number: PhoneNumber) -> dict[str, Any]:
    return {
        "valid": True,
        "normalised": number.normalised,
        "national_number": number.national_number,
        "human_readable": number.human_readable,
        "is_uk_prefix": number.is_uk_prefix,
        "international": number.international,
        "crown_dependency": number.crown_dependency,
        "country_prefix": number.country_prefix,
        "rate_multiplier": number.rate_multiplier,
        "use_numeric_sender": number.use_numeric_sender,
    }


@pytest.mark.corpus("email_addresses")
def test_email_addresses(case: Case) -> None:
    try:
        address = parse_email_address(case.given["address"])
    except InvalidEmailAddress as error:
        case.check({"valid": False, "message": error.message})
    else:
        case.check({"valid": True, "cleaned": address.cleaned, "normalised": address.normalised})


@pytest.mark.corpus("postal_addresses")
def test_postal_addresses(case: Case) -> None:
    given = case.given
    if "address" in given:
        address = parse_postal_address(given["address"])
    else:
        address = parse_address_personalisation(given["personalisation"])

    case.check(observed_address(address, allow_international=given["allow_international"]))


def observed_address(address: PostalAddress, *, allow_international: bool) -> dict[str, Any]:
    problem = address.problem(allow_international=allow_international)
    return {
        "normalised_lines": list(address.normalised_lines),
        "as_single_line": address.as_single_line,
        "postcode": address.postcode,
        "country": address.country.name,
        "zone": address.country.zone.value,
        "international": address.international,
        "bfpo_number": address.bfpo_number,
        "line_count": address.line_count,
        "has_enough_lines": address.has_enough_lines,
        "has_too_many_lines": address.has_too_many_lines,
        "has_valid_last_line": address.has_valid_last_line(allow_international=allow_international),
        "has_invalid_characters": address.has_invalid_characters,
        "has_no_fixed_abode_address": address.has_no_fixed_abode_address,
        "has_alphanumeric_character_in_address_lines_1_and_2": (
            address.has_alphanumeric_character_in_address_lines_1_and_2
        ),
        "has_invalid_country_for_bfpo_address": address.has_invalid_country_for_bfpo_address,
        "valid": problem is None,
        "as_personalisation": address.as_personalisation,
        "api_error": problem,
    }
