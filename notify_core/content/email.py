"""Emails: the source as it is shown to senders, the plain text, and the HTML."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from notify_core.content.branding import GOVUK_BRANDING, EmailBranding
from notify_core.content.email_html import EmailHtml
from notify_core.content.email_page import email_page
from notify_core.content.email_text import EmailText, Preheader
from notify_core.content.escaping import unescape_html
from notify_core.content.govuk import unlink_govuk
from notify_core.content.keys import Personalisation, first_spellings
from notify_core.content.markdown import Document, parse
from notify_core.content.moulds import Moulds, Render
from notify_core.content.placeholders import Field, Style, Values, additional_names, missing_names
from notify_core.content.problems import NO_PROBLEMS, MessageProblems
from notify_core.content.typography import set_type
from notify_core.content.whitespace import one_line

EMAIL_BYTE_LIMIT = 2_000_000
"""How many bytes the body may have in UTF-8, filled in, before it is turned into HTML."""

PREHEADER_LENGTH = 256
"""How many characters of its HTML the preheader has at most."""

_SOURCE = Style(html=True, markdown_lists=True)
_PLAIN_SUBJECT = Style(html=True)
_HTML_SUBJECT = Style(html=True, escape=True)
_HTML_BODY = Style(html=True, escape=True, markdown_lists=True)
_REDACTED_BODY = Style(html=True, escape=True, markdown_lists=True, redact=True)

# Neither is seen; the second one, a Korean letter, is used to dress up names.
LINE_SEPARATOR = "\u2028"
HANGUL_FILLER = "\u3164"


@frozen
class EmailSource:
    """An email as its sender sees it: `body` is the Markdown with values in it."""

    subject: str
    body: str
    size_in_bytes: int
    is_empty: bool

    @property
    def is_too_long(self) -> bool:
        """Whether the body exceeds EMAIL_BYTE_LIMIT."""
        return self.size_in_bytes > EMAIL_BYTE_LIMIT


class EmailTemplate:
    """An email with places to be filled. Immutable; made once, it renders for any number of people.

    >>> template = EmailTemplate("For ((name))", "# Dear ((name))")
    >>> template.placeholders
    ('name',)
    >>> template.render_subject({"name": "Jo"})
    'For Jo'
    >>> print(template.render_text({"name": "Jo"}), end="")
    Dear Jo
    =================================================================
    """

    def __init__(self, subject: str, content: str) -> None:
        self._subject = Field(subject)
        self._content = Field(content)
        self._subject_moulds = Moulds(self._subject)
        self._content_moulds = Moulds(self._content)
        self.placeholders = first_spellings((*self._subject.placeholders, *self._content.placeholders))

    def missing(self, values: Values | None) -> tuple[str, ...]:
        """Return the placeholders without a value, as the template spells them."""
        return missing_names(self.placeholders, values)

    def additional(self, values: Values | None) -> tuple[str, ...]:
        """Return the given names that are no placeholders."""
        return additional_names(self.placeholders, values)

    def render_source(self, values: Values | None) -> EmailSource:
        """Return the email as its sender sees it. Raises UnusableValue."""
        body = self._content.fill(values, _SOURCE).strip()
        return EmailSource(
            subject=self.render_subject(values),
            body=body,
            size_in_bytes=len(body.encode("utf-8", "surrogatepass")),
            is_empty=self._content.may_be_empty and not body,
        )

    def problems(self, values: Values | None, *, prefix: str | None = None) -> MessageProblems:
        """Return what is wrong with the email for these values. Emails have no prefix. Raises UnusableValue.

        How long it is, is not looked at: a file is checked before its values are known to be the last ones.
        """
        del prefix
        if not self._content.may_be_empty:
            return NO_PROBLEMS
        return MessageProblems(empty=self.render_source(values).is_empty)

    def render_text(self, values: Values | None, *, unsubscribe_link: str | None = None) -> str:
        """Return the plain text body. Raises UnusableValue.

        With an `unsubscribe_link`, it ends with it.
        """
        by_key = Personalisation(values).by_key
        if unsubscribe_link:
            return self._text(by_key, unsubscribe_link)
        return self._rendered("text", self._content_moulds, by_key, self._text)

    def render_html_body(
        self, values: Values | None, *, unsubscribe_link: str | None = None, redact_missing: bool = False
    ) -> str:
        """Return the body in HTML, without the page around it. Raises UnusableValue.

        With an `unsubscribe_link`, it ends with it. `redact_missing` hides the names of missing placeholders.
        """
        by_key = Personalisation(values).by_key
        if redact_missing:
            return _body(_parse(self._content.fill(values, _REDACTED_BODY), unsubscribe_link))
        if unsubscribe_link:
            return _body(_parse(self._content.fill(values, _HTML_BODY), unsubscribe_link))
        return self._rendered("html", self._content_moulds, by_key, self._html_body)

    def render_subject(self, values: Values | None) -> str:
        """Return the subject as plain text, on one line. Raises UnusableValue."""
        return self._rendered("text", self._subject_moulds, Personalisation(values).by_key, self._plain_subject)

    def render_subject_html(self, values: Values | None) -> str:
        """Return the subject, escaped for HTML. Raises UnusableValue."""
        return self._rendered("html", self._subject_moulds, Personalisation(values).by_key, self._html_subject)

    def render_preheader(self, values: Values | None) -> str:
        """Return the first words of the body, in HTML. Raises UnusableValue.

        They are cut after PREHEADER_LENGTH characters, be it in the middle of an entity.
        """
        by_key = Personalisation(values).by_key
        words = self._rendered("words", self._content_moulds, by_key, self._words)
        return words[:PREHEADER_LENGTH].strip()

    def render_html(
        self,
        values: Values | None,
        *,
        branding: EmailBranding = GOVUK_BRANDING,
        unsubscribe_link: str | None = None,
    ) -> str:
        """Return the whole page. Raises UnusableValue."""
        by_key = Personalisation(values).by_key
        plain = self._content_moulds.plain(by_key)
        words = plain and self._content_moulds.render("words", plain, self._words)
        body = None
        if plain and not unsubscribe_link:
            body = self._content_moulds.render("html", plain, self._html_body)
        if words is None or body is None:
            filled = self._content.fill(by_key, _HTML_BODY)
            document = _parse(filled, None)
            words = _words(document)
            body = _body(_parse(filled, unsubscribe_link) if unsubscribe_link else document)
        return email_page(
            subject=self.render_subject_html(values),
            preheader=words[:PREHEADER_LENGTH].strip(),
            body=body,
            branding=branding,
        )

    def _rendered(self, what: str, moulds: Moulds, values: Mapping[str | None, object], render: Render) -> str:
        plain = moulds.plain(values)
        cast = None if plain is None else moulds.render(what, plain, render)
        return render(values) if cast is None else cast

    def _text(self, values: Mapping[str | None, object], unsubscribe_link: str | None = None) -> str:
        document = _parse(self._content.fill(values, _SOURCE), unsubscribe_link)
        return unescape_html(set_type(_EMAIL_TEXT.render(document))).lstrip() + "\n"

    def _html_body(self, values: Mapping[str | None, object]) -> str:
        return _body(_parse(self._content.fill(values, _HTML_BODY), None))

    def _words(self, values: Mapping[str | None, object]) -> str:
        return _words(_parse(self._content.fill(values, _HTML_BODY), None))

    def _plain_subject(self, values: Mapping[str | None, object]) -> str:
        return one_line(set_type(self._subject.fill(values, _PLAIN_SUBJECT)))

    def _html_subject(self, values: Mapping[str | None, object]) -> str:
        return one_line(set_type(self._subject.fill(values, _HTML_SUBJECT)))


def _body(document: Document) -> str:
    return set_type(_EMAIL_HTML.render(document))


def _words(document: Document) -> str:
    return " ".join(set_type(_PREHEADER.render(document)).split())


_EMAIL_HTML = EmailHtml()
_EMAIL_TEXT = EmailText()
_PREHEADER = Preheader()


def _parse(filled: str, unsubscribe_link: str | None) -> Document:
    if unsubscribe_link:
        filled = f"{filled}\n\n---\n\n[Unsubscribe from these emails]({unsubscribe_link})"
    visible = unlink_govuk(filled).replace(LINE_SEPARATOR, "").replace(HANGUL_FILLER, "")
    return parse(visible + "\n")
