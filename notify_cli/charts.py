"""Bars of text: what arrived, what failed and what is on its way, at one look."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from notify_core.statistics.model import Totals

_WIDTH = 40
# What arrived, what failed, what is on its way: told apart by shape, and by colour where there is any.
_BLOCKS = ("█", "▒", "░")
_LETTERS = ("#", "x", ".")
_STYLES = ("green", "red", "dim")


def legend(console: Console) -> Text:
    """Return what the parts of a bar mean."""
    text = Text()
    for mark, style, meaning in zip(_marks(console), _STYLES, ("delivered", "failed", "on its way"), strict=True):
        text.append(mark, style).append(f" {meaning}  ")
    return text


def bars(console: Console, totals: Sequence[Totals]) -> list[Text]:
    """Return a bar for each, all to one scale. Whatever there is any of is to be seen."""
    most = max((one.requested for one in totals), default=0)
    return [_bar(_marks(console), one, most) for one in totals]


def _bar(marks: Sequence[str], totals: Totals, most: int) -> Text:
    text = Text()
    for mark, style, messages in zip(marks, _STYLES, (totals.delivered, totals.failed, totals.waiting), strict=True):
        text.append(mark * _length(messages, most), style)
    return text


def _length(messages: int, most: int) -> int:
    return max(1, round(messages / most * _WIDTH)) if messages else 0


def _marks(console: Console) -> Sequence[str]:
    return _LETTERS if console.options.ascii_only else _BLOCKS
