"""The body of an email in HTML. Styles stand in the tags, where every mail program finds them."""

from __future__ import annotations

from collections.abc import Sequence

from notify_core.content.links import href
from notify_core.content.markdown.renderer import Renderer
from notify_core.content.markdown.tree import Running

_PARAGRAPH = '<p style="Margin: 0 0 20px 0; font-size: 19px; line-height: 25px; color: #0B0C0C;">'
_HEADINGS = {
    1: (
        (
            '<h2 style="Margin: 0 0 15px 0; padding: 10px 0 0 0; font-size: 27px; line-height: 35px; '
            'font-weight: bold; color: #0B0C0C;">'
        ),
        "</h2>",
    ),
    2: (
        (
            '<h3 style="Margin: 0 0 15px 0; padding: 10px 0 0 0; font-size: 19px; line-height: 25px; '
            'font-weight: bold; color: #0B0C0C;">'
        ),
        "</h3>",
    ),
}
_RULE = '<hr style="border: 0; height: 1px; background: #B1B4B6; Margin: 30px 0 30px 0;">'
_LIST = (
    (
        '<table role="presentation" style="padding: 0 0 20px 0;"><tr><td style="font-family: Helvetica, Arial, '
        'sans-serif;">'
    ),
    "</td></tr></table>",
)
_ORDERED = ('<ol style="Margin: 0 0 0 20px; padding: 0; list-style-type: decimal;">', "</ol>")
_UNORDERED = ('<ul style="Margin: 0 0 0 20px; padding: 0; list-style-type: disc;">', "</ul>")
# No space after `19px;`: mail programs do not mind, and what is sent stays what it always was.
_ITEM = '<li style="Margin: 5px 0 5px; padding: 0 0 0 5px; font-size: 19px;line-height: 25px; color: #0B0C0C;">'
_INSET = (
    (
        '<div style="Margin: 0 0 20px 0;"><blockquote style="Margin: 0; border-left: 10px solid #B1B4B6;'
        'padding: 15px 0 0.1px 15px; font-size: 19px; line-height: 25px;">'
    ),
    "</blockquote></div>",
)
_LINK_STYLE = "word-wrap: break-word; color: #1D70B8;"
_MISSING = ("span class='placeholder", "</span")


class EmailHtml(Renderer):
    """Shows content in HTML. The content was escaped before it was parsed."""

    def paragraph(self, text: str) -> str:
        """Return a paragraph, or nothing if it is blank."""
        return f"{_PARAGRAPH}{text}</p>" if text.strip() else ""

    def heading(self, level: int, running: Running) -> str:
        """Return a heading. There are two levels; what is below them is a paragraph."""
        if level not in _HEADINGS:
            return self.paragraph_of(running)
        opening, closing = _HEADINGS[level]
        return f"{opening}{self.running(running)}{closing}"

    def rule(self) -> str:
        """Return a line across."""
        return _RULE

    def list(self, ordered: bool, items: Sequence[str]) -> str:
        """Return a list, in a table, because some mail programs indent lists as they please."""
        opening, closing = _ORDERED if ordered else _UNORDERED
        inside = "".join([f"{_ITEM}{item.strip()}</li>" for item in items])
        return f"{_LIST[0]}{opening}{inside}{closing}{_LIST[1]}"

    def inset(self, content: str) -> str:
        """Return an inset."""
        return f"{_INSET[0]}{content}{_INSET[1]}"

    def line_break(self) -> str:
        """Return the end of a line."""
        return "<br>"

    def url(self, url: str, *, is_email: bool) -> str:
        """Return a link that shows where it leads."""
        return self.link(url, f"mailto:{url}" if is_email else url, None)

    def link(self, text: str, target: str, title: str | None) -> str:
        """Return a link. A target that is nothing but a missing placeholder gets its brackets back."""
        if target.startswith(_MISSING[0]) and target.endswith(_MISSING[1]):
            target = f"<{target}>"
        titled = f' title="{_quoted(title)}"' if title else ""
        return f'<a style="{_LINK_STYLE}" href="{href(target)}"{titled}>{text or target}</a>'


def _quoted(title: str) -> str:
    """Keep a title inside of its quotes."""
    return title.replace('"', "&quot;")
