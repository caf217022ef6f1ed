"""The body of an email in plain text, and the first words of it that mail programs show in their lists."""

from __future__ import annotations

from collections.abc import Sequence

from notify_core.content.markdown.renderer import Renderer
from notify_core.content.markdown.tree import Running

_WIDTH = 65
_UNDERLINES = {1: "=" * _WIDTH, 2: "-" * _WIDTH}
_RULE = ("=-" * _WIDTH)[:_WIDTH]


class EmailText(Renderer):
    """Shows content as plain text."""

    def paragraph(self, text: str) -> str:
        """Return a paragraph after a blank line."""
        return f"\n\n{text}" if text.strip() else ""

    def heading(self, level: int, running: Running) -> str:
        """Return a heading, underlined. There are two levels; what is below them is a paragraph."""
        if level not in _UNDERLINES:
            return self.paragraph_of(running)
        return f"\n\n\n{self.running(running)}\n{_UNDERLINES[level]}"

    def rule(self) -> str:
        """Return a line across."""
        return self.paragraph(_RULE)

    def list(self, ordered: bool, items: Sequence[str]) -> str:
        """Return a list with bullets or numbers."""
        lines = [f"\n{f'{number}.' if ordered else '•'} {item.strip()}" for number, item in enumerate(items, start=1)]
        return "\n" + "".join(lines)

    def link(self, text: str, target: str, title: str | None) -> str:
        """Return the text of a link and where it leads."""
        return f"{text} ({title}): {target}" if title else f"{text}: {target}"


class Preheader(EmailText):
    """Shows the words only: neither where links lead, nor lines."""

    def heading(self, level: int, running: Running) -> str:
        """Return a heading as a paragraph."""
        del level
        return self.paragraph_of(running)

    def rule(self) -> str:
        """Return nothing."""
        return ""

    def link(self, text: str, target: str, title: str | None) -> str:
        """Return the text of a link."""
        del target
        return f"{text} ({title})" if title else text
