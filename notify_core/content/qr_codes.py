"""QR codes in letters: which paragraphs ask for one, how much fits, and the picture."""

from __future__ import annotations

import re

import segno
from attrs import frozen

from notify_core.errors import InvalidContent

MOST_BYTES = 504
"""How much a QR code may hold, in UTF-8: more would be too fine to be read from paper."""

_MARKER = re.compile(r"qr ?: ?(.+)", re.IGNORECASE | re.DOTALL)
_ERROR_CORRECTION = "M"
_PLACEHOLDER = """
<div class='qrcode-placeholder'>
    <div class='qrcode-placeholder-border'></div>
    <div class='qrcode-placeholder-content'>
        <span class='qrcode-placeholder-content-background'>{content}</span>
    </div>
</div>
"""


@frozen(kw_only=True)
class QrCodeTooLong:
    """What did not fit into a QR code, and by how much."""

    num_bytes: int
    max_bytes: int
    data: str


class QrCodeDoesNotFit(InvalidContent):
    """A link, or whatever it is, is too long for a QR code. `too_long` has the details."""

    code = "qr-code-too-long"

    def __init__(self, too_long: QrCodeTooLong) -> None:
        super().__init__("Cannot create a usable QR code - the link is too long")
        self.too_long = too_long


def qr_content(paragraph: str) -> str | None:
    """Return what a paragraph wants to be encoded, or None when it asks for no QR code.

    >>> qr_content(" QR: https://example.com "), qr_content("a qr: x"), qr_content("qr:")
    ('https://example.com', None, None)
    """
    match = _MARKER.fullmatch(paragraph.strip())
    return None if match is None else match[1].strip()


def check_size(data: str) -> QrCodeTooLong | None:
    """Return why data does not fit into a QR code, or None.

    >>> check_size("https://www.example.com"), check_size("x" * 505).num_bytes
    (None, 505)
    """
    size = len(data.encode("utf-8", "surrogatepass"))
    return QrCodeTooLong(num_bytes=size, max_bytes=MOST_BYTES, data=data) if size > MOST_BYTES else None


def draw(data: str) -> str:
    """Return a picture of the data, as SVG in HTML. What no QR code can hold is an empty picture.

    >>> draw("x" * 10_000)
    "<div class='qrcode'></div>"
    """
    try:
        code = segno.make(data.encode("utf-8", "replace").decode(), error=_ERROR_CORRECTION, micro=False)
    except ValueError:
        return "<div class='qrcode'></div>"
    picture = code.svg_inline(border=0, svgclass=None, lineclass=None, omitsize=True)
    return f"<div class='qrcode'>{picture}</div>"


def draw_placeholder(content: str) -> str:
    """Return what stands in a preview where the data is not known yet. The content is HTML."""
    return _PLACEHOLDER.format(content=content)
