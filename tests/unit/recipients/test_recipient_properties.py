"""What holds for every recipient, however it is written."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notify_core.content.email import EmailTemplate
from notify_core.content.letter import LetterTemplate
from notify_core.content.sms import SmsTemplate
from notify_core.errors import NotifyError
from notify_core.recipients.country import Zone, find_country
from notify_core.recipients.data import read_table
from notify_core.recipients.dvla_address import dvla_address
from notify_core.recipients.email_address import InvalidEmailAddress, parse_email_address
from notify_core.recipients.guest_list import format_recipient, recipient_is_allowed
from notify_core.recipients.phone_number import parse_phone_number
from notify_core.recipients.phone_number_errors import InvalidPhoneNumber
from notify_core.recipients.postal_address import parse_address_personalisation, parse_postal_address
from notify_core.recipients.spreadsheet import FileOptions, RecipientFile
from notify_core.recipients.spreadsheet_rows import MessageTemplate
from notify_core.vocabulary import Channel

digits = st.text(alphabet="0123456789", min_size=3, max_size=13)
spelled_numbers = st.builds(
    lambda prefix, number, gap: prefix + gap.join(number[start : start + 4] for start in range(0, len(number), 4)),
    st.sampled_from(["", "+", "+44", "0", "07", "0044", "+1", "+33 ", "(0)", "+44(0)7", "447", "00"]),
    digits,
    st.sampled_from(["", " ", "-", "\u200b", ")("]),
)
real_numbers = st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)).flatmap(
    lambda region: st.sampled_from(
        [
            phonenumbers.format_number(number, form)
            for kind in range(11)
            for number in [phonenumbers.example_number_for_type(region, kind)]
            if number is not None
            for form in range(3)
        ]
    )
)
numbers = real_numbers | spelled_numbers | st.text(alphabet="0123456789+() -\u200b–", max_size=20)
anything = st.none() | st.integers() | st.text() | st.binary() | st.lists(st.text(), max_size=2)
address_lines = st.sampled_from(
    [
        *("Jo Smith", "1 High St", "SW1A 1AA", "sw1a1aa", "UK", "Scotland", "Jersey", "France", "The Netherlands"),
        *("BFPO", "BFPO 12", "bfpo c/o 7", "", " , ", "nfa", "@x", "Atlantis", "Town ,", "BF1 1AA", "\u2028", "&"),
    ]
)
addresses = st.lists(address_lines | st.text(max_size=8), max_size=9).map("\n".join)


@given(anything, st.booleans())
def test_reading_raises_nothing_but_the_domains_own_errors(raw: Any, contact: bool) -> None:
    for read in (
        lambda: parse_phone_number(raw, is_service_contact_number=contact),
        lambda: parse_email_address(raw),
    ):
        with suppress(NotifyError):
            read()
    assert isinstance(format_recipient(raw), str)
    assert recipient_is_allowed(raw, [raw])


@given(numbers, st.booleans())
@example("+687 20 12 34", False).via("New Caledonia writes dots between digits")
def test_a_phone_number_survives_being_normalised_and_being_made_readable(raw: str, contact: bool) -> None:
    try:
        number = parse_phone_number(raw, is_service_contact_number=contact)
    except InvalidPhoneNumber:
        return
    if len(number.national_number) == 3:
        return

    assert parse_phone_number(f"+{number.normalised}") == number
    assert parse_phone_number(number.human_readable) == number
    assert number.rate_multiplier >= 1


@given(st.emails() | st.text())
def test_an_email_address_survives_being_normalised(raw: str) -> None:
    try:
        address = parse_email_address(raw)
    except InvalidEmailAddress:
        return

    assert parse_email_address(address.normalised).normalised == address.normalised


@given(addresses, st.booleans())
@example("The Netherlands\nUK", True)
@example("France\nBFPO 12\nUK", True)
@example("Jo Smith\n1 High St\nFrance\nBFPO 12\nUK", True)
def test_a_postal_address_survives_being_normalised(raw: str, international: bool) -> None:
    address = parse_postal_address(raw)
    if address.lines and address.postcode is None and not address.international and find_country(address.lines[-1]):
        # Another country stood above the UK. Which of the two is meant is not for us to say: it is refused, unless
        # the forces' post delivers. Without the UK it is an address of the forces abroad, which is refused.
        refused = address if address.bfpo_number is None else parse_postal_address(address.normalised)
        assert refused.problem(allow_international=international) is not None
        return

    assert parse_postal_address(address.normalised).normalised == address.normalised
    assert address.problem(allow_international=international) or address.has_enough_lines
    assert "recipientName" in dvla_address(address)
    by_line = address.as_personalisation
    if by_line is not None and not address.has_too_many_lines and not address.has_invalid_country_for_bfpo_address:
        assert parse_address_personalisation(by_line).normalised_lines == address.normalised_lines


@pytest.mark.parametrize("row", read_table("postal_zones"), ids=lambda row: row["lookup_key"])
def test_a_country_is_found_by_its_own_name(row: dict[str, str]) -> None:
    country = find_country(row["canonical_name"])

    assert country is not None
    assert country.zone == Zone(row["zone"])
    assert find_country(country.name) == country
    assert find_country(f"The {row['canonical_name']}") is not None


cells = st.sampled_from(
    [
        *("phone number", "Phone_Number", "email address", "postcode", "address line 1", "name", "NAME", ""),
        *("07400123456", "a@b.co", "+33612345678", '"', '"a,b"', "\r", "\n", ",", " ", "\u200b", "\x00", "x" * 1000),
        *("Jo", "\ufeff"),
    ]
)
files = st.lists(cells | st.sampled_from([",", ",", "\n", "\n"]) | st.text(max_size=4), max_size=40).map("".join)
templates: list[tuple[Channel, MessageTemplate]] = [
    (Channel.SMS, SmsTemplate("((name)) ((x??y))")),
    (Channel.EMAIL, EmailTemplate("((name))", "((name))")),
    (Channel.LETTER, LetterTemplate("((name))", "qr: ((name))")),
]


@pytest.mark.parametrize(("channel", "template"), templates, ids=["sms", "email", "letter"])
@given(text=files, guest=st.text(max_size=3))
def test_so_does_a_spreadsheet_whatever_is_in_it(
    channel: Channel, template: MessageTemplate, text: str, guest: str
) -> None:
    file = RecipientFile(text, template, channel, FileOptions(guest_list=[guest] if guest else (), max_rows=5))
    try:
        assert isinstance(file.has_errors, bool)
    except NotifyError:
        return
    rows = list(file.rows())
    assert len(rows) == file.row_count
    for row in rows:
        if row is not None:
            assert len(dict(row.cells)) == len(row.recipient_and_personalisation)
            assert row.cell("name").data == row.recipient_and_personalisation.get("name")
            assert row.as_postal_address.line_count >= 0
    assert len(file.displayed_rows) <= max(len(rows), 20)


@given(files, st.integers(1, 7))
def test_a_spreadsheet_reads_the_same_in_pieces(text: str, size: int) -> None:
    template = SmsTemplate("((name))")

    def pieces() -> list[str]:
        return [text[start : start + size] for start in range(0, len(text), size)]

    whole, in_pieces = (RecipientFile(source, template, Channel.SMS) for source in (text, pieces))
    assert in_pieces.column_headers == whole.column_headers
    assert in_pieces.findings == whole.findings
