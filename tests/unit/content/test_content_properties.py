"""What holds for every content and every value, however strange."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from notify_core.content.alphabet import SMS_ALPHABET, downgrade_to_ascii, downgrade_to_sms
from notify_core.content.branding import EmailBranding
from notify_core.content.email import EmailTemplate
from notify_core.content.escaping import escape_html, unescape_html
from notify_core.content.fragments import SIZES, count_fragments
from notify_core.content.letter import LetterTemplate
from notify_core.content.sanitise import sanitise_content_for
from notify_core.content.sms import SmsTemplate
from notify_core.content.sms_preview import sms_preview
from notify_core.content.typography import set_type
from notify_core.content.whitespace import ZERO_WIDTH, clean, one_line, tighten
from notify_core.errors import NotifyError

PIECES = (
    *"()[]{}<>*-_^#`~|!\\/'\"&;:=.,?@ \n\t\r\v\x1c\x85\xa0\u2028\u200b\u3164\ufdd0\ufdd1\ud800e\u0301😀\x00",
    *("((a))", "((b??", "))", "](", "[x](", "```\n", "~~~", "---", "1. ", "* ", "    ", "<div>", "</div>", "<!--"),
    *("https://", "GOV.UK", "&#", "&lt;", "qr: ", "<span class='placeholder", "x" * 70, "word", "ŵ", "€", "\n\n"),
)
contents = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=30).map("".join)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | contents
values = st.dictionaries(
    st.sampled_from(["a", "b", "A_", "<c>", "&amp;"]) | contents,
    scalars | st.lists(scalars, max_size=4) | st.dictionaries(st.text(max_size=3), scalars, max_size=2),
    max_size=4,
)

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@given(contents, contents, values, st.none() | contents)
def test_rendering_raises_nothing_but_the_domains_own_errors(
    content: str, subject: str, given_values: dict[str, Any], prefix: str | None
) -> None:
    sms, email = SmsTemplate(content), EmailTemplate(subject, content)
    letter = LetterTemplate(subject, content, contact_block=content)
    try:
        message = sms.render(given_values, prefix=prefix)
        assert message.fragment_count >= 1
        assert message.unsupported_characters is not None
        assert sms.missing(given_values) is not None
        assert sms.additional(given_values) is not None
        sms_preview(content, given_values, prefix=prefix)
        email.render_source(given_values)
        email.render_text(given_values, unsubscribe_link=prefix)
        email.render_html(given_values, branding=EmailBranding(text=prefix, logo=prefix, colour=prefix))
        letter.render(given_values, date=NOON)
        letter.problems(given_values)
        sanitise_content_for(given_values, ["a"])
    except NotifyError:
        pass


@pytest.mark.parametrize("piece", PIECES)
def test_a_thousand_of_anything_can_be_rendered(piece: str) -> None:
    content = piece * 1000
    assert EmailTemplate("", content).render_html(None)
    assert EmailTemplate("", content).render_text({"a": content})
    assert LetterTemplate("", content).render({"a": content}, date=NOON).date == "1 June 2026"
    assert SmsTemplate(content).render({"a": content}).fragment_count >= 1


class Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {(tag, name) for name, _ in attrs} or {(tag, "")}


OURS = {
    *[(tag, "style") for tag in ("p", "h2", "h3", "hr", "table", "td", "ul", "ol", "li", "div", "blockquote", "a")],
    *[("table", "role"), ("tr", ""), ("br", ""), ("a", "href"), ("a", "title"), ("span", "class")],
}


@given(contents, values)
@example("((a))", {"a": '[x](y "a" onclick="b")'})
@example("((a))", {"a": '[x](<y> "\'><script>")'})
@example('[x](https://example.com "((a))")', {"a": '" onmouseover="x'})
@example("((a))", {"a": "https://a.b/\"onclick='x'"})
def test_html_never_holds_markup_that_came_from_values(content: str, given_values: dict[str, Any]) -> None:
    html = EmailTemplate("", content).render_html_body(given_values)

    assert Tags(html).found <= OURS


@given(contents)
def test_nor_does_anything_of_the_branding_or_the_address_become_markup(text: str) -> None:
    branding = EmailBranding(text=text, logo=text, colour=text, alt_text=text, banner=True)
    plain = EmailTemplate("", "x").render_html(
        None, branding=EmailBranding(text="x", logo="x", colour="x", banner=True)
    )
    page = EmailTemplate("", "x").render_html(None, branding=branding)
    address = {f"address line {number}": text for number in (1, 2, 3)}

    assert Tags(page).found <= Tags(plain).found
    assert Tags(LetterTemplate("", "").render(address, date=NOON).address.html).found <= {
        ("br", ""),
        ("span", "class"),
    }


words = st.text(alphabet=sorted(SMS_ALPHABET - frozenset(" \n\r\x1b.,")), max_size=400)


@given(words, words)
def test_a_longer_text_never_has_fewer_fragments(text: str, more: str) -> None:
    shorter, longer = SmsTemplate(f"x{text}").render(None), SmsTemplate(f"x{text}{more}").render(None)

    assert longer.fragment_count >= shorter.fragment_count


@given(st.sampled_from(sorted(SIZES)), st.integers(0, 3000))
def test_nor_does_more_room_taken_make_fewer_fragments(encoding: Any, places: int) -> None:
    assert count_fragments(places + 1, encoding) >= count_fragments(places, encoding)


@pytest.mark.parametrize("normalise", [clean, one_line, tighten, downgrade_to_sms, downgrade_to_ascii, escape_html])
@given(text=contents)
def test_normalising_twice_is_normalising_once(normalise: Callable[[str], str], text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


# Usual spaces before punctuation are deleted first; then other spaces become usual ones, and what has no width is
# deleted; then the alphabet replaces what it lacks. That order is the text messages' own, and in a line it leaves a
# space before a comma or full stop that is of another kind, that is followed by what has no width, or that stood
# before an ellipsis.
SPACE_THAT_STAYS = re.compile(
    rf"[^\s{ZERO_WIDTH}][\s{ZERO_WIDTH}]*"
    rf"(?:(?:[^\S \t]|\s[\s{ZERO_WIDTH}]*[{ZERO_WIDTH}])[ \t]*[,.]|\s[{ZERO_WIDTH}]*…)"
)


@given(contents)
@example("( .").via("a usual space is deleted at once")
@example("(\u200b .").via("so it is where it follows what has no width")
@example("(\xa0.").via("a space of another kind")
@example("(\xa0\t ,").via("a space of another kind before usual ones")
@example("( \u200b.").via("a space that what has no width comes after")
@example("( …").via("a space before an ellipsis")
def test_a_text_as_it_is_sent_would_be_sent_the_same_again(content: str) -> None:
    assume("((" not in content)
    sent = SmsTemplate(content).render(None).text
    assume("((" not in sent)
    again = SmsTemplate(sent).render(None).text

    assert again == tighten(sent)
    assert (again != sent) == any(map(SPACE_THAT_STAYS.search, content.splitlines()))


@given(contents)
def test_escaping_and_typography_raise_nothing(text: str) -> None:
    assert unescape_html(escape_html(text)) is not None
    assert set_type(text) is not None


def test_entities_of_thousands_of_digits_are_read() -> None:
    assert escape_html(f"&#{'0' * 5000}65;") == "A"
    assert unescape_html(f"&#{'9' * 5000};&#x{'f' * 5000};") == "\ufffd\ufffd"
