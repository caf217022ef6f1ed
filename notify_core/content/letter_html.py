"""The body of a letter in HTML, for the program that lays out pages."""

from __future__ import annotations

import re
from collections.abc import Sequence

from attrs import frozen

from notify_core.content.escaping import unescape_html
from notify_core.content.markdown.renderer import Renderer
from notify_core.content.markdown.tree import Document, Running
from notify_core.content.qr_codes import draw, draw_placeholder, qr_content
from notify_core.content.typography import set_type

_SCHEME = re.compile(r"https?://")
_MISSING = "<span class='placeholder"
_NON_BREAKING_HYPHEN = "\u2011"

# Pictures are put in last, so that no rule of typography touches them. The mark is a noncharacter.
_MARK = "\ufdd1"
_MARKED = re.compile(rf"{_MARK}([0-9]{{1,9}}){_MARK}")


@frozen(kw_only=True)
class LetterBody:
    """The body as HTML, and what its QR codes hold."""

    html: str
    qr_payloads: Sequence[str]


def render_letter(document: Document) -> LetterBody:
    """Return the body of a letter.

    A hyphen would let a line be broken where nobody wants it, so each becomes one that does not; in the names
    of classes and attributes, too, which is how the printers' style sheet knows them.
    """
    renderer = LetterHtml()
    html = set_type(renderer.render(document)).replace("-", _NON_BREAKING_HYPHEN)
    return LetterBody(html=_MARKED.sub(renderer.picture, html), qr_payloads=tuple(renderer.payloads))


class LetterHtml(Renderer):
    """Shows one letter. Keeps its QR codes apart."""

    def __init__(self) -> None:
        self.payloads: list[str] = []
        self._pictures: list[str] = []

    def picture(self, marked: re.Match[str]) -> str:
        """Return what belongs to a mark."""
        index = int(marked[1])
        return self._pictures[index] if index < len(self._pictures) else ""

    def paragraph_of(self, running: Running) -> str:
        """Return a paragraph, which may be a QR code."""
        content = qr_content(_AS_TYPED.running(running)) if _may_be_qr_code(running) else None
        return self.paragraph(self.running(running) if content is None else self._qr_code(content))

    def _qr_code(self, content: str) -> str:
        if _MISSING in content:
            self._pictures.append(draw_placeholder(content))
        else:
            payload = unescape_html(content)
            self.payloads.append(payload)
            self._pictures.append(draw(payload))
        return f"{_MARK}{len(self._pictures) - 1}{_MARK}"

    def paragraph(self, text: str) -> str:
        """Return a paragraph, or nothing if it is blank."""
        return f"<p>{text}</p>" if text.strip() else ""

    def heading(self, level: int, running: Running) -> str:
        """Return a heading. There is one level; what is below it is a paragraph."""
        return f"<h2>{self.running(running)}</h2>\n" if level == 1 else self.paragraph_of(running)

    def rule(self) -> str:
        """Return the end of a page."""
        return '<div class="page-break">&nbsp;</div>'

    def list(self, ordered: bool, items: Sequence[str]) -> str:
        """Return a list."""
        tag = "ol" if ordered else "ul"
        inside = "".join([f"<li>{item.strip()}</li>\n" for item in items])
        return f"<{tag}>\n{inside}</{tag}>\n"

    def line_break(self) -> str:
        """Return the end of a line."""
        return "<br>"

    def link(self, text: str, target: str, title: str | None) -> str:
        """Return a link as it was typed: there is nothing to click on."""
        titled = f' "{title}"' if title else ""
        return f"[{text}]({target}{titled})"

    def url(self, url: str, *, is_email: bool) -> str:
        """Return an address to be typed in: in bold, without the scheme."""
        scheme = _SCHEME.match(url)
        if is_email or scheme is None:
            return url
        return f"<strong data-original-protocol='{scheme[0]}'>{url[scheme.end() :]}</strong>"


class _AsTyped(LetterHtml):
    """Shows running text without what is made of addresses and the ends of lines."""

    def line_break(self) -> str:
        return "\n"

    def url(self, url: str, *, is_email: bool) -> str:
        del is_email
        return url


_AS_TYPED = _AsTyped()


def _may_be_qr_code(running: Running) -> bool:
    return running.source.lstrip()[:2].lower() == "qr"
