"""Placeholders in every style of filling them, as the corpus has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notify_core.content.placeholders import Field, Style

if TYPE_CHECKING:
    from tests.unit.conformance.conftest import Case


@pytest.mark.corpus("placeholders")
def test_placeholders(case: Case) -> None:
    given = case.given
    style = Style(
        html=given["mode"] == "html",
        escape=given["escape"],
        markdown_lists=given["markdown_lists"],
        redact=given["redact"],
        brackets=given["with_brackets"],
    )
    field = Field(given["content"])

    case.check({"text": field.fill(given["values"], style), "placeholders": list(field.placeholders)})
