"""HTML, put together so that nothing gets into it unescaped."""

from __future__ import annotations

from html import escape

_EMPTY = frozenset({"meta"})


class Html(str):
    """Text that is HTML already. Everything else is escaped where it goes in."""

    __slots__ = ()


Content = str | None
"""A child: `Html` as it is, other text escaped, None left out."""


def tag(name: str, /, *children: Content, **attributes: str | None) -> Html:
    """Return an element. An underscore ends attributes that Python has a word for; None leaves one out.

    >>> tag("a", "R&D ", tag("b", "<now>"), href="#r&d", class_="x", id=None)
    '<a href="#r&amp;d" class="x">R&amp;D <b>&lt;now&gt;</b></a>'
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _EMPTY:
        return Html(f"<{name}{told}>")
    return Html(f"<{name}{told}>{join(*children)}</{name}>")


def join(*children: Content) -> Html:
    """Put children next to each other."""
    return Html("".join(_inside(child) for child in children if child is not None))


def _inside(child: str) -> str:
    return child if isinstance(child, Html) else escape(child, quote=False)
