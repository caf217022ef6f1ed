"""Metadata of files, which S3 keeps in HTTP headers: ASCII only, and trimmed.

Other texts are written as S3 itself shows them, in RFC 2047's encoded words.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from email.errors import HeaderParseError
from email.header import decode_header, make_header

_FITS = re.compile(r"[!-~]([ -~]*[!-~])?|")
_ENCODED = "=?"


def to_headers(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the metadata as S3 takes it."""
    return {name: _encoded(value) for name, value in metadata.items()}


def from_headers(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the metadata as it was before `to_headers`."""
    return {name.lower(): _decoded(value) for name, value in metadata.items()}


def _encoded(value: str) -> str:
    if _FITS.fullmatch(value) and _ENCODED not in value:
        return value
    return f"=?utf-8?b?{b64encode(value.encode(errors='replace')).decode()}?="


def _decoded(value: str) -> str:
    if _ENCODED not in value:
        return value
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, UnicodeDecodeError):
        return value  # not written by us
