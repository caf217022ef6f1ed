"""From content to blocks: the document's paragraphs, headings, lists and the like.

At each place the rules are tried in a fixed order, and the first that fits takes what it recognises. The order
and the shapes are those of the dialect that templates have been written in for years; it resembles Markdown,
and is not CommonMark: a list marker needs no space after it, `^` makes an inset, and there is no emphasis.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property

from attrs import Factory, define

from notify_core.content.markdown.definitions import Definitions, Target
from notify_core.content.markdown.fences import Fences
from notify_core.content.markdown.lists import items_of, list_at
from notify_core.content.markdown.positions import NOWHERE
from notify_core.content.markdown.raw_html import Tags
from notify_core.content.markdown.tree import (
    Blank,
    Block,
    BlockHtml,
    Code,
    Footnote,
    Heading,
    Inset,
    Item,
    ItemText,
    List,
    Paragraph,
    Rule,
    Running,
)

DEEPEST = 6
"""How deep lists may be nested, and how deep insets. Below that they are text."""

_NEWLINES = re.compile(r"\n+")
_RULE = re.compile(r" {0,3}[-*_](?: *[-*_]){2,} *(?:\n+|\Z)")
_CODE = re.compile(r"(?: {4}[^\n]+\n*)+")
_CODE_INDENT = re.compile(r"^ {4}", re.MULTILINE)
_HEADING = re.compile(r" *(#{1,6})( *)([^\n]*)(?:\n+|\Z)")
_INSET = re.compile(r"(?: *\^[^\n]+(?:\n[^\n]+)*\n*)+")
_INSET_MARKER = re.compile(r"^ *\^ ?", re.MULTILINE)
_UNDERLINE = re.compile(r"^ *[=-]*([=-]) *$", re.MULTILINE)
_ROWS_OF_OPEN_TABLE = re.compile(r" *(?:[-:]+ *\|[-| :]*)\n(?:[^\n|]*\|[^\n]*(?:\n|\Z))*\n*")
_ROWS_OF_CLOSED_TABLE = re.compile(r" *\|(?: *[-:]+[-| :]*)\n(?: *\|[^\n]*(?:\n|\Z))*\n*")
_INTERRUPTING_MARKER = re.compile(r" *(?:[*+-](?:\d+\.)?|\d+\.) [\s\S]")
_INTERRUPTING_QUOTE = re.compile(r" *>[^\n]")


@define
class Shared:
    """What the whole document has in common, however deep a block is nested."""

    targets: dict[str, Target] = Factory(dict)
    footnotes: dict[str, Footnote] = Factory(dict)
    running: list[Running] = Factory(list)
    list_depth: int = 0
    inset_depth: int = 0
    in_footnote: bool = False


@define(slots=False)
class Scanner:
    """One text on its way to becoming blocks."""

    text: str
    shared: Shared
    blocks: list[Block] = Factory(list)

    @cached_property
    def fences(self) -> Fences:
        """Where code is fenced."""
        return Fences(self.text)

    @cached_property
    def tags(self) -> Tags:
        """Where HTML is."""
        return Tags(self.text)

    @cached_property
    def definitions(self) -> Definitions:
        """Where links and footnotes are defined."""
        return Definitions(self.text)

    @cached_property
    def underlines(self) -> dict[int, str]:
        """Where each line starts that underlines the one before, and with what."""
        return _underlines(self.text)

    def running(self, source: str) -> Running:
        """Return running text, to be understood later."""
        running = Running([source], self.shared.in_footnote)
        self.shared.running.append(running)
        return running


Take = Callable[[Scanner, int], int]
"""Take what starts at a place, if it is what is looked for, and return where it ends, else NOWHERE."""

_DIGIT = "0"
"""Stands for digits of all scripts where rules are chosen by the first visible character."""


class Rules:
    """What is looked for in a text, in order: what takes it, and which characters it may start with, None for any."""

    def __init__(self, *rules: tuple[Take, str | None]) -> None:
        starts = set("".join(start for _, start in rules if start))
        self._for_any = tuple(take for take, start in rules if start is None)
        self._by_first = {
            first: tuple(take for take, start in rules if start is None or first in start) for first in starts
        }

    def for_line(self, text: str, position: int) -> tuple[Take, ...]:
        """Return what to look for where a line starts."""
        return self._by_first.get(_first_visible(text, position), self._for_any)


_PLAIN_LINE = re.compile(r" {0,3}[^\W\d_][^\n]*\n*")


def parse_item(text: str, shared: Shared) -> list[Block]:
    """Return the blocks of a list item. Most are one line that begins with a letter: no rule is for those."""
    if _PLAIN_LINE.fullmatch(text):
        running = Running([text], shared.in_footnote)
        shared.running.append(running)
        return [ItemText(running)]
    return parse_blocks(text, shared, IN_ITEM)


def parse_blocks(text: str, shared: Shared, rules: Rules) -> list[Block]:
    """Return the blocks that a text consists of."""
    scanner = Scanner(text.rstrip("\n"), shared)
    text = scanner.text
    position = 0
    while position < len(text):
        for take in rules.for_line(text, position):
            end = take(scanner, position)
            if end != NOWHERE:
                position = end
                break
    return scanner.blocks


def _first_visible(text: str, position: int) -> str:
    while text.startswith(" ", position):
        position += 1
    first = text[position : position + 1]
    return _DIGIT if first.isdecimal() else first


def _underlines(text: str) -> dict[int, str]:
    if "-" not in text and "=" not in text:
        return {}
    return {match.start(): match[1] for match in _UNDERLINE.finditer(text)}


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end == NOWHERE else end


def _take_newlines(scanner: Scanner, position: int) -> int:
    end = _after_newlines(scanner.text, position)
    if end > position + 1:
        scanner.blocks.append(Blank())
    return end if end > position else NOWHERE


def _after_newlines(text: str, position: int) -> int:
    match = _NEWLINES.match(text, position)
    return position if match is None else match.end()


def _take_rule(scanner: Scanner, position: int) -> int:
    match = _RULE.match(scanner.text, position)
    if match is None:
        return NOWHERE
    scanner.blocks.append(Rule())
    return match.end()


def _take_indented_code(scanner: Scanner, position: int) -> int:
    match = _CODE.match(scanner.text, position) if scanner.text.startswith("    ", position) else None
    if match is None:
        return NOWHERE
    scanner.blocks.append(Code(_CODE_INDENT.sub("", match[0])))
    return match.end()


def _take_fenced_code(scanner: Scanner, position: int) -> int:
    found = scanner.fences.code_at(position)
    if found is None:
        return NOWHERE
    code, end = found
    scanner.blocks.append(Code(code))
    return end


def _take_heading(scanner: Scanner, position: int) -> int:
    match = _HEADING.match(scanner.text, position)
    if match is None:
        return NOWHERE
    level, text = _heading(*match.groups())
    if level == 0:
        return NOWHERE
    scanner.blocks.append(Heading(level, scanner.running(text)))
    return match.end()


def _heading(hashes: str, spaces: str, rest: str) -> tuple[int, str]:
    """Return level and text. The text has at least one character, if need be one of the hashes or spaces."""
    if rest:
        return len(hashes), rest.rstrip(" ").rstrip("#").rstrip(" ") or rest[0]
    if spaces:
        return len(hashes), " "
    return len(hashes) - 1, "#"


def _take_open_table(scanner: Scanner, position: int) -> int:
    """Take a table without a `|` at the sides. Tables show nothing."""
    text = scanner.text
    end = _line_end(text, position)
    if text.find("|", position, end) == NOWHERE or "|" not in text[position:end].lstrip(" ")[1:]:
        return NOWHERE
    match = _ROWS_OF_OPEN_TABLE.match(text, end + 1)
    return NOWHERE if match is None else match.end()


def _take_underlined_heading(scanner: Scanner, position: int) -> int:
    end = _line_end(scanner.text, position)
    underline = scanner.underlines.get(end + 1)
    if underline is None or end == position:
        return NOWHERE
    level = 1 if underline == "=" else 2
    scanner.blocks.append(Heading(level, scanner.running(scanner.text[position:end])))
    return _after_newlines(scanner.text, _line_end(scanner.text, end + 1))


def _take_inset(scanner: Scanner, position: int) -> int:
    match = _INSET.match(scanner.text, position)
    if match is None:
        return NOWHERE
    shared = scanner.shared
    shared.inset_depth += 1
    if shared.inset_depth > DEEPEST:
        blocks: list[Block] = [ItemText(scanner.running(match[0]))]
    else:
        blocks = parse_blocks(_INSET_MARKER.sub("", match[0]), shared, DOCUMENT)
    shared.inset_depth -= 1
    scanner.blocks.append(Inset(blocks))
    return match.end()


def _take_list(scanner: Scanner, position: int) -> int:
    span = list_at(scanner.text, position, scanner.definitions.starts_at)
    if span is None:
        return NOWHERE
    source = scanner.text[position : span.end]
    scanner.shared.list_depth += 1
    if scanner.shared.list_depth > DEEPEST:
        items = [Item(False, [ItemText(scanner.running(source))])]
    else:
        items = [Item(item.loose, parse_item(item.text, scanner.shared)) for item in items_of(source, span.indent)]
    scanner.shared.list_depth -= 1
    scanner.blocks.append(List(span.ordered, items))
    return span.end


def _take_html(scanner: Scanner, position: int) -> int:
    found = scanner.tags.block_at(position)
    if found is None:
        return NOWHERE
    html, end = found
    scanner.blocks.append(BlockHtml(html))
    return end


def _take_link_definition(scanner: Scanner, position: int) -> int:
    definition = scanner.definitions.link_at(position)
    if definition is None:
        return NOWHERE
    scanner.shared.targets[definition.key] = definition.target
    return definition.end


def _take_footnote(scanner: Scanner, position: int) -> int:
    footnote = scanner.definitions.footnote_at(position)
    if footnote is None:
        return NOWHERE
    shared = scanner.shared
    if footnote.key not in shared.footnotes:
        shared.footnotes[footnote.key] = Footnote(footnote.key, ())
        was_in_footnote, shared.in_footnote = shared.in_footnote, True
        blocks = parse_blocks(footnote.text, shared, IN_FOOTNOTE)
        shared.in_footnote = was_in_footnote
        shared.footnotes[footnote.key] = Footnote(footnote.key, blocks)
    return footnote.end


def _take_closed_table(scanner: Scanner, position: int) -> int:
    end = _line_end(scanner.text, position)
    if scanner.text.find("|", position) + 1 == end:
        return NOWHERE
    match = _ROWS_OF_CLOSED_TABLE.match(scanner.text, end + 1)
    return NOWHERE if match is None else match.end()


def _take_paragraph(scanner: Scanner, position: int) -> int:
    text = scanner.text
    end = _line_end(text, position)
    while end < len(text) and not text.startswith("\n", end + 1) and not _interrupts(scanner, end + 1):
        end = _line_end(text, end + 1)
    scanner.blocks.append(Paragraph(scanner.running(text[position:end])))
    return _after_newlines(text, end)


def _interrupts(scanner: Scanner, position: int) -> bool:
    """Whether the line that starts there ends a paragraph without a blank line between them."""
    text = scanner.text
    if (_line_end(text, position) + 1) in scanner.underlines:
        return True
    checks = _INTERRUPTIONS.get(_first_visible(text, position), ())
    return any(check(scanner, position) for check in checks)


def _rule_starts(scanner: Scanner, position: int) -> bool:
    return _RULE.match(scanner.text, position) is not None


def _item_starts(scanner: Scanner, position: int) -> bool:
    return _INTERRUPTING_MARKER.match(scanner.text, position) is not None


def _fence_opens(scanner: Scanner, position: int) -> bool:
    return scanner.fences.code_at(position) is not None


def _heading_starts(scanner: Scanner, position: int) -> bool:
    match = _HEADING.match(scanner.text, position)
    return match is not None and _heading(*match.groups())[0] > 0


def _quote_starts(scanner: Scanner, position: int) -> bool:
    return _INTERRUPTING_QUOTE.match(scanner.text, position) is not None


def _definition_starts(scanner: Scanner, position: int) -> bool:
    return scanner.definitions.starts_at(position)


def _block_tag_starts(scanner: Scanner, position: int) -> bool:
    return scanner.tags.block_tag(position) is not None


_INTERRUPTIONS: dict[str, tuple[Callable[[Scanner, int], bool], ...]] = {
    "`": (_fence_opens,),
    "~": (_fence_opens,),
    "-": (_rule_starts, _item_starts),
    "*": (_rule_starts, _item_starts),
    "_": (_rule_starts,),
    "+": (_item_starts,),
    _DIGIT: (_item_starts,),
    "#": (_heading_starts,),
    ">": (_quote_starts,),
    "[": (_definition_starts,),
    "<": (_block_tag_starts,),
}


def _take_line(scanner: Scanner, position: int) -> int:
    """Take one line of a list item, and put it to the line before, if that is the item's too."""
    end = _line_end(scanner.text, position)
    line = scanner.text[position:end]
    last = scanner.blocks[-1] if scanner.blocks else None
    if isinstance(last, ItemText):
        last.running.lines.append(line)
    else:
        scanner.blocks.append(ItemText(scanner.running(line)))
    return end


_MARKERS = "*-•" + _DIGIT

DOCUMENT = Rules(
    (_take_newlines, "\n"),
    (_take_rule, "-*_"),
    (_take_indented_code, None),
    (_take_fenced_code, "`~"),
    (_take_heading, "#"),
    (_take_open_table, None),
    (_take_underlined_heading, None),
    (_take_inset, "^"),
    (_take_list, _MARKERS),
    (_take_html, "<"),
    (_take_link_definition, "["),
    (_take_footnote, "["),
    (_take_closed_table, "|"),
    (_take_paragraph, None),
)
IN_ITEM = Rules(
    (_take_newlines, "\n"),
    (_take_indented_code, None),
    (_take_fenced_code, "`~"),
    (_take_underlined_heading, None),
    (_take_rule, "-*_"),
    (_take_inset, "^"),
    (_take_list, _MARKERS),
    (_take_html, "<"),
    (_take_line, None),
)
IN_FOOTNOTE = Rules(
    (_take_newlines, "\n"),
    (_take_indented_code, None),
    (_take_fenced_code, "`~"),
    (_take_heading, "#"),
    (_take_open_table, None),
    (_take_underlined_heading, None),
    (_take_rule, "-*_"),
    (_take_inset, "^"),
    (_take_list, _MARKERS),
    (_take_html, "<"),
    (_take_closed_table, "|"),
    (_take_paragraph, None),
)
