"""Emails in HTML and plain text, as the corpus has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

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
