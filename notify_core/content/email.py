"""Emails: the source as it is shown to senders, the plain text, and the HTML."""

from __future__ import annotations

from attrs import frozen

from notify_core.content.branding import GOVUK_BRANDING, EmailBranding
from notify_core.content.email_html import EmailHtml
from notify_core.content.email_page import email_page
from notify_core.content.email_text import EmailText, Preheader
from notify_core.content.escaping import unescape_html
from notify_core.content.govuk import unlink_govuk
from notify_core.content.keys import first_spellings
from notify_core.content.markdown import Document, parse
from notify_core.content.placeholders import Field, Style, Values, additional_names, missing_names
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

# A line separator, and a Korean letter that is seen as nothing and used to dress up names.
_INVISIBLE = {0x2028: None, 0x3164: None}


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
    >>> template.render_source({"name": "Jo"}).subject
    'For Jo'
    >>> print(template.render_text({"name": "Jo"}), end="")
    Dear Jo
    =================================================================
    """

    def __init__(self, subject: str, content: str) -> None:
        self._subject = Field(subject)
        self._content = Field(content)
        self.placeholders = first_spellings((*self._subject.placeholders, *self._content.placeholders))

    def missing(self, values: Values | None) -> tuple[str, ...]:
        """Return the placeholders without a value, as the template spells them."""
        return missing_names(self.placeholders, values)

    def additional(self, values: Values | None) -> tuple[str, ...]:
        """Return the given names that are no placeholders."""
        return additional_names(self.placeholders, values)

    def render_source(self, values: Values | None) -> EmailSource:
        """Return the email as its sender sees it. Raises UnusableValue."""
        content = self._content.content
        body = self._content.fill(values, _SOURCE).strip()
        may_be_empty = not content or (content.startswith("((") and content.endswith("))"))
        return EmailSource(
            subject=one_line(set_type(self._subject.fill(values, _PLAIN_SUBJECT))),
            body=body,
            size_in_bytes=len(body.encode("utf-8", "surrogatepass")),
            is_empty=may_be_empty and not body,
        )

    def render_text(self, values: Values | None, *, unsubscribe_link: str | None = None) -> str:
        """Return the plain text body. Raises UnusableValue.

        With an `unsubscribe_link`, it ends with it.
        """
        document = _parse(self._content.fill(values, _SOURCE), unsubscribe_link)
        return unescape_html(set_type(_EMAIL_TEXT.render(document))).lstrip() + "\n"

    def render_html_body(
        self, values: Values | None, *, unsubscribe_link: str | None = None, redact_missing: bool = False
    ) -> str:
        """Return the body in HTML, without the page around it. Raises UnusableValue.

        With an `unsubscribe_link`, it ends with it. `redact_missing` hides the names of missing placeholders.
        """
        filled = self._content.fill(values, _REDACTED_BODY if redact_missing else _HTML_BODY)
        return set_type(_EMAIL_HTML.render(_parse(filled, unsubscribe_link)))

    def render_subject_html(self, values: Values | None) -> str:
        """Return the subject, escaped for HTML. Raises UnusableValue."""
        return one_line(set_type(self._subject.fill(values, _HTML_SUBJECT)))

    def render_preheader(self, values: Values | None) -> str:
        """Return the first words of the body, in HTML. Raises UnusableValue.

        They are cut after PREHEADER_LENGTH characters, be it in the middle of an entity.
        """
        return _preheader(_parse(self._content.fill(values, _HTML_BODY)))

    def render_html(
        self,
        values: Values | None,
        *,
        branding: EmailBranding = GOVUK_BRANDING,
        unsubscribe_link: str | None = None,
    ) -> str:
        """Return the whole page. Raises UnusableValue."""
        filled = self._content.fill(values, _HTML_BODY)
        document = _parse(filled)
        body = document if unsubscribe_link is None else _parse(filled, unsubscribe_link)
        return email_page(
            subject=self.render_subject_html(values),
            preheader=_preheader(document),
            body=set_type(_EMAIL_HTML.render(body)),
            branding=branding,
        )


_EMAIL_HTML = EmailHtml()
_EMAIL_TEXT = EmailText()
_PREHEADER = Preheader()


def _parse(filled: str, unsubscribe_link: str | None = None) -> Document:
    if unsubscribe_link:
        filled = f"{filled}\n\n---\n\n[Unsubscribe from these emails]({unsubscribe_link})"
    return parse(unlink_govuk(filled).translate(_INVISIBLE) + "\n")


def _preheader(document: Document) -> str:
    return " ".join(set_type(_PREHEADER.render(document)).split())[:PREHEADER_LENGTH].strip()
