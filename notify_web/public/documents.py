"""Read the JSON of a request, whatever its sender calls it."""

from __future__ import annotations

import json
from typing import Any

# Anybody can send brackets; what is read here must still be small enough to be walked through, stored and
# rendered by functions that call themselves.
DEEPEST_NESTING = 200


class BadRequest(ValueError):
    """The request cannot be understood, or is for nothing that there is."""

    def __init__(self, message: str = "Invalid JSON supplied in POST data") -> None:
        super().__init__(message)
        self.message = message


def read_document(body: bytes) -> Any:
    """Return the document; {} for every empty one (null, [], 0, "", false). Raises BadRequest.

    The encoding is found out: UTF-8 with or without a byte order mark, UTF-16, UTF-32.
    """
    try:
        text = body.decode(json.detect_encoding(body))
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise BadRequest from None
    check_usable(text, document)
    return document or {}


def check_usable(text: str, document: object, levels: int = DEEPEST_NESTING) -> None:
    """Raise BadRequest when a document, whose text this is, cannot be stored, or is nested deeper than `levels`."""
    if _may_hold_half_characters(text):
        try:
            json.dumps(document, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise BadRequest from None
    if text.count("[") + text.count("{") > levels and _too_deep(document, levels):
        raise BadRequest


def _may_hold_half_characters(text: str) -> bool:
    """Whether an escape in the text may stand for one half of a surrogate pair, which cannot be stored."""
    return "\\ud" in text or "\\uD" in text


def _too_deep(document: object, levels: int) -> bool:
    level = [document]
    for _ in range(levels):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True
