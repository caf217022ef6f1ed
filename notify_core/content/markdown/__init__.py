"""The dialect that emails and letters are written in: a reader that makes a tree of content, in linear time."""

from __future__ import annotations

import re

from notify_core.content.markdown.blocks import DOCUMENT, Shared, parse_blocks
from notify_core.content.markdown.inline import References, understand
from notify_core.content.markdown.tree import Document

__all__ = ["Document", "parse"]

_LINE_END = re.compile(r"\r\n|\r")
_SPACE_ONLY_LINE = re.compile(r"^ +$", re.MULTILINE)
_TAB_STOPS = 4
_SYMBOL_FOR_NEWLINE = "\u2424"

# The longest name that a reference is looked up by. Names differ from what was typed only in space and case.
_LEAST_LONGEST_NAME = 1_000
_SPACE_IN_NAMES = 4


def parse(content: str) -> Document:
    """Return what content consists of.

    >>> parse("# Hello").blocks[0].level
    1
    """
    shared = Shared()
    blocks = parse_blocks(_prepared(content), shared, DOCUMENT)
    names = [*shared.targets, *shared.footnotes]
    references = References(
        targets=shared.targets,
        footnotes=shared.footnotes,
        used_footnotes={},
        longest_name=max(_LEAST_LONGEST_NAME, _SPACE_IN_NAMES * max(map(len, names), default=0)),
    )
    for running in shared.running:
        running.inline = understand(running, references)
    return Document(blocks, [shared.footnotes[key] for key in references.used_footnotes])


def _prepared(content: str) -> str:
    text = _LINE_END.sub("\n", content) if "\r" in content else content
    text = text.expandtabs(_TAB_STOPS).replace(_SYMBOL_FOR_NEWLINE, "\n")
    return _SPACE_ONLY_LINE.sub("", text) if text.startswith(" ") or "\n " in text else text
