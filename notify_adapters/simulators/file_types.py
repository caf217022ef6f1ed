"""Which files the file service takes, by the end of their name or by a look inside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePosixPath

SUPPORTED: Mapping[str, str] = {
    ".csv": "text/csv",
    ".doc": "application/msword",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".rtf": "text/rtf",
    ".txt": "text/plain",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
UNKNOWN = "application/octet-stream"
_BEGINNINGS: Mapping[bytes, str] = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "application/msword",
    b"{\\rtf": "text/rtf",
}
_IN_ZIPS: Mapping[bytes, str] = {
    b"mimetypeapplication/vnd.oasis.opendocument.text": SUPPORTED[".odt"],
    b"word/": SUPPORTED[".docx"],
    b"xl/": SUPPORTED[".xlsx"],
}
_CONTROL = frozenset(range(32)) - frozenset(b"\t\n\r\f\x1b")


class UnsupportedType(ValueError):
    """A file of a type that is not taken; the sentence is the file service's own."""

    def __init__(self, what: str) -> None:
        supported = ", ".join(repr(ending) for ending in SUPPORTED)
        super().__init__(f"Unsupported file type '{what}'. Supported types are: {supported}")


def media_type(content: bytes, filename: str | None, *, is_csv: bool) -> str:
    """Return the media type of a file. Raises UnsupportedType."""
    if filename is not None:
        ending = PurePosixPath(filename).suffix.lower()
        if ending not in SUPPORTED:
            raise UnsupportedType(ending)
        return SUPPORTED[ending]
    found = _look_inside(content)
    if found == SUPPORTED[".txt"] and is_csv:
        return SUPPORTED[".csv"]
    if found not in SUPPORTED.values():
        raise UnsupportedType(found)
    return found


def _look_inside(content: bytes) -> str:
    for beginning, found in _BEGINNINGS.items():
        if content.startswith(beginning):
            return found
    if content.startswith(b"PK\x03\x04"):
        return next((found for name, found in _IN_ZIPS.items() if name in content), "application/zip")
    return _kind_of_text(content)


def _kind_of_text(content: bytes) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return UNKNOWN
    if not _CONTROL.isdisjoint(content):
        return UNKNOWN
    if text.lstrip().lower().startswith(("<!doctype html", "<html")):
        return "text/html"
    return SUPPORTED[".json"] if _is_json(text) else SUPPORTED[".txt"]


def _is_json(text: str) -> bool:
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
