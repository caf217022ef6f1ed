"""The internal API is told on a page of its own, and to the public not at all."""

from __future__ import annotations

import re
from pathlib import Path

from notify_web import shell
from notify_web.documentation.openapi import describe

PAGE = Path(__file__).parents[4] / "docs" / "api" / "internal.md"


def test_every_address_is_on_the_page_and_no_other() -> None:
    served = {
        (method, re.sub(r"\{(\w+):str\}", r"{\1}", path))
        for handler in shell.INTERNAL
        for path in handler.paths
        for method in handler.http_methods
    }
    page = PAGE.read_text(encoding="utf-8")
    told = re.findall(r"^\| `(GET|POST|PUT|DELETE) (/service/[^`]+)` \|", page, re.MULTILINE)
    assert sorted(told) == sorted(set(told))
    assert set(told) == served


def test_the_public_is_not_told() -> None:
    paths = describe(shell.DESCRIBED)["paths"]
    assert [path for path in paths if path.startswith("/service")] == []
    assert set(shell.INTERNAL).isdisjoint(shell.DESCRIBED)
