"""Weaknesses of the original that are none here. Each is a decision, recorded in docs/decisions/0101 and after."""

from __future__ import annotations

from datetime import UTC, datetime

from notify_core.content.branding import EmailBranding
from notify_core.content.email import EmailTemplate
from notify_core.content.letter import LetterTemplate
from notify_core.content.qr_codes import MOST_BYTES
from notify_core.content.sms import SmsTemplate

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_a_link_title_cannot_leave_its_attribute() -> None:
    body = EmailTemplate("", "((a))").render_html_body({"a": '[x](https://y.z "t" onclick="u")'})

    assert 'title="t&quot; onclick=&quot;u"' in body


def test_branding_is_escaped() -> None:
    branding = EmailBranding(text="<b>", logo='"><i>', alt_text='"', colour='red" onload="x;color:blue')
    page = EmailTemplate("", "x").render_html(None, branding=branding)

    assert "&lt;b&gt;" in page
    assert '"><i>' not in page
    assert "red&quot; onload=&quot;x;" in page
    assert "color:blue" not in page


def test_a_complete_address_is_plain_text_until_it_becomes_html() -> None:
    values = {"address line 1": "<b>Jo</b>", "address line 2": "1 High St", "postcode": "CB7 4DU"}
    address = LetterTemplate("", "").render(values, date=NOON).address

    assert address.lines[0] == "<b>Jo</b>"
    assert address.html == "&lt;b&gt;Jo&lt;/b&gt;<br>1 High St<br>CB7 4DU"


def test_letters_do_not_see_each_others_qr_codes() -> None:
    template = LetterTemplate("", "qr: ((link))\n\nDear ((name))")
    too_long = template.qr_code_too_long({"link": "x" * (MOST_BYTES + 1), "name": "Jo"})

    assert too_long is not None
    assert template.qr_code_too_long({"link": "x", "name": "Sam"}) is None


def test_a_qr_code_holds_and_measures_what_was_meant() -> None:
    letter = LetterTemplate("", "qr: BEGIN\nN & Co\nEND").render(None, date=NOON)
    fits = "&" * MOST_BYTES

    assert letter.qr_payloads == ("BEGIN\nN & Co\nEND",)
    assert LetterTemplate("", "qr: ((x))").qr_code_too_long({"x": fits}) is None


def test_a_character_far_beyond_any_alphabet_is_a_question_mark() -> None:
    assert SmsTemplate("\U0001d15e").render(None).text == "?"


def test_fragments_are_counted_on_what_is_sent() -> None:
    message = SmsTemplate("ế" + "a" * 70).render(None)

    assert message.text.startswith("ê")
    assert (message.encoding, message.fragment_count) == ("unicode", 2)


def test_letters_typed_with_separate_accents_are_letters() -> None:
    assert SmsTemplate("cafe\u0301 w\u0302y\u0301").render(None).text == "café ŵý"


def test_the_prefix_is_measured_as_it_is_sent() -> None:
    message = SmsTemplate("Hello").render(None, prefix="  Parking ")

    assert message.text == "Parking: Hello"
    assert message.character_count_without_prefix == 5


def test_placeholders_are_found_before_anything_is_decoded() -> None:
    template = EmailTemplate("", "((c??&lpar;x&rpar;))")

    assert template.render_text({"c": "yes"}) == "(x)\n"
    assert ">(x)</p>" in template.render_html_body({"c": "yes"})
