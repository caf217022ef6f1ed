"""The Markdown of our own descriptions, as HTML.

That is `##` headings, paragraphs, `-` lists, fenced code, and within lines `code`, *stress* and [links](to). OpenAPI
wants Markdown; this is as much of it as we write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from notify_web.documentation.html import Html, join, tag

_FENCED = re.compile(r"^```\w*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`(?P<code>[^`]+)`|\*(?P<stress>[^*]+)\*|\[(?P<link>[^\]]+)\]\((?P<to>[^)\s]+)\)")
_NO_ANCHOR = re.compile(r"[^a-z0-9]+")


def prose(text: str) -> Html:
    r"""Return the text as HTML.

    >>> prose("Use `a<b`.\n\n- one\n- two")
    '<p>Use <code>a&lt;b</code>.</p><ul><li>one</li><li>two</li></ul>'
    """
    parts = _FENCED.split(text)  # what is outside fences and what is inside takes turns
    return join(*(_code(part) if number % 2 else _blocks(part) for number, part in enumerate(parts)))


def headings(text: str) -> list[tuple[str, str]]:
    """Return (anchor, title) of each heading."""
    return [(anchor(title), title) for title in re.findall(r"^## (.+)$", _FENCED.sub("", text), re.MULTILINE)]


def anchor(title: str) -> str:
    """Return what the part with that title is linked to by.

    >>> anchor("Ids & times")
    'ids-times'
    """
    return _NO_ANCHOR.sub("-", title.lower()).strip("-")


def heading(level: int, title: str, name: str | None = None) -> Html:
    """Return a heading that can be linked to, and links to itself."""
    name = name or anchor(title)
    link = tag("a", "#", class_="anchor", href=f"#{name}", aria_label=f"Link to: {title}")
    return tag(f"h{level}", title, " ", link, id=name)


def code(text: str, label: str) -> Html:
    """Return a block of code, which the keyboard can scroll."""
    return tag("pre", tag("code", text), tabindex="0", role="region", aria_label=label)


def _code(text: str) -> Html:
    return code(text.rstrip("\n"), "Code")


def _blocks(text: str) -> Html:
    return join(*(_block(block) for block in re.split(r"\n{2,}", text.strip()) if block))


def _block(block: str) -> Html:
    if block.startswith("## "):
        return heading(2, block.removeprefix("## "))
    if block.startswith("- "):
        items = re.split(r"^- ", block, flags=re.MULTILINE)[1:]
        return tag("ul", *(tag("li", inline(item.strip())) for item in items))
    return tag("p", inline(block))


def inline(text: str) -> Html:
    """Return one paragraph's text as HTML.

    >>> inline("see [*this*](#a) and `*that*`")
    'see <a href="#a">*this*</a> and <code>*that*</code>'
    """
    return join(*_pieces(text))


def _pieces(text: str) -> Iterator[str]:
    done = 0
    for found in _INLINE.finditer(text):
        yield text[done : found.start()]
        done = found.end()
        if found["code"]:
            yield tag("code", found["code"])
        elif found["stress"]:
            yield tag("em", found["stress"])
        else:
            yield tag("a", found["link"], href=found["to"])
    yield text[done:]
