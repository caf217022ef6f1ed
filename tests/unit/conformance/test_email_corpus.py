"""Emails in HTML and plain text, as the corpus has them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from notify_core.content.branding import EmailBranding
from notify_core.content.email import EmailTemplate

if TYPE_CHECKING:
    from tests.unit.conformance.conftest import Case


@pytest.mark.corpus("email_html")
def test_email_html(case: Case) -> None:
    case.check(observed_html(case.given))


def observed_html(given: dict[str, Any]) -> dict[str, Any]:
    template = EmailTemplate(given["subject"], given["content"])
    values = given["values"]
    return {
        "html_body": template.render_html_body(
            values, unsubscribe_link=given["unsubscribe_link"], redact_missing=given["redact_missing"]
        ),
        "subject": template.render_subject_html(values),
        "preheader": template.render_preheader(values),
    }


@pytest.mark.corpus("email_plain_text")
def test_email_plain_text(case: Case) -> None:
    case.check(observed_text(case.given))


def observed_text(given: dict[str, Any]) -> dict[str, Any]:
    template = EmailTemplate(given["subject"], given["content"])
    values = given["values"]
    source = template.render_source(values)
    return {
        "body": template.render_text(values, unsubscribe_link=given["unsubscribe_link"]),
        "subject": source.subject,
        "content_with_placeholders_filled_in": source.body,
        "content_size_in_bytes": source.size_in_bytes,
        "character_count": len(source.body),
        "placeholders": list(template.placeholders),
        "missing": list(template.missing(values)),
        "additional": sorted(template.additional(values)),
        "is_empty": source.is_empty,
    }


@pytest.mark.corpus("email_wrapper")
def test_email_wrapper(case: Case) -> None:
    given = case.given
    template = EmailTemplate(given["subject"], given["content"])
    branding = email_branding(given["branding"])

    page = Page()
    page.feed(template.render_html(given["values"], branding=branding))
    page.close()

    case.check(
        {
            **page.facts(),
            "body_html_included_verbatim": template.render_html_body(given["values"]) in page.source,
            "brand_text_shown": bool(branding.text) and str(branding.text) in page.text,
        }
    )


def email_branding(given: dict[str, Any]) -> EmailBranding:
    return EmailBranding(
        govuk_banner=given.get("govuk_banner", True),
        complete_html=given.get("complete_html", True),
        logo=given.get("brand_logo"),
        text=given.get("brand_text"),
        colour=given.get("brand_colour"),
        banner=given.get("brand_banner", False),
        alt_text=given.get("brand_alt_text"),
    )


class Page(HTMLParser):
    """What can be told of a page without looking at it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.source = ""
        self.doctype = False
        self.language: str | None = None
        self.titles: list[str] = []
        self.hidden: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.bgcolors: set[str] = set()
        self.rules: list[str] = []
        self.link_titles: list[str | None] = []
        self.text = ""
        self._open: list[str] = []
        self._hidden_depth: int | None = None

    def feed(self, data: str) -> None:
        self.source += data
        super().feed(data)

    def handle_decl(self, decl: str) -> None:
        self.doctype = self.doctype or decl.lower() == "doctype html"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "html":
            self.language = found.get("lang")
        if tag == "img":
            names = {"src": "src", "alt": "alt", "height": "height", "aria_hidden": "aria-hidden"}
            self.images.append({name: found.get(attribute) for name, attribute in names.items()})
            return
        if bgcolor := found.get("bgcolor"):
            self.bgcolors.add(bgcolor)
        self.rules += re.findall(r"border-left: solid 2px ([^;]+)", found.get("style") or "")
        self.link_titles.append(found.get("title"))
        if tag in {"meta", "br", "hr"}:
            return
        self._open.append(tag)
        if "hidden" in found and self._hidden_depth is None:
            self._hidden_depth = len(self._open)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._open:
            return
        if self._hidden_depth is not None and len(self._open) <= self._hidden_depth:
            self._hidden_depth = None
        while self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "title":
            self.titles.append(data)
        self.text += data
        if self._hidden_depth is not None:
            self.hidden.append(data)

    def facts(self) -> dict[str, Any]:
        has_title = "<title>" in self.source
        return {
            "has_doctype": self.doctype,
            "title": "".join(self.titles) if has_title else None,
            "html_lang": self.language,
            "preheader_text": "".join(self.hidden),
            "govuk_banner": "Go to the GOV.UK homepage" in self.source,
            "images": self.images,
            "bgcolors": sorted(self.bgcolors),
            "logo_rule_colours": self.rules,
        }
