"""Between text and HTML, in both directions."""

from __future__ import annotations

import html
import re
from html.entities import html5

# A named entity has at most 32 characters. Without the semicolon it is no entity here: `?a=1&copy=2` is a link.
_TO_ESCAPE = re.compile(r"&(?:(nbsp|amp)|#([0-9]+|[xX][0-9a-fA-F]+)|([^\t\n\f <&#;]{1,32}));|[&<>]")
_SPECIAL = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}

# Python refuses to read numbers of thousands of digits; these are shortened first.
_LEADING_ZEROS = re.compile(r"&#0+(?=[0-9])")
_BEYOND_UNICODE = re.compile(r"&#[0-9]{8,};?")
_REPLACEMENT = "\ufffd"


def escape_html(text: str) -> str:
    """Make text safe inside HTML: entities mean what they stand for, everything else means itself.

    `&nbsp;` and `&amp;` are kept. Other entities, if they end in a semicolon, are decoded before `&`, `<` and
    `>` are escaped. Quotes are left alone, so the result does not belong into an attribute: see `attribute`.

    >>> escape_html("<b>Fish &amp; chips</b> &copy; &copy")
    '&lt;b&gt;Fish &amp; chips&lt;/b&gt; © &amp;copy'
    """
    if "&" not in text and "<" not in text and ">" not in text:
        return text
    return _TO_ESCAPE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    kept, number, name = match.groups()
    if kept is not None:
        return match[0]
    if number is not None:
        return html.escape(unescape_html(match[0]), quote=False)
    if name is not None:
        decoded = html5.get(f"{name};")
        return html.escape(match[0] if decoded is None else decoded, quote=False)
    return _SPECIAL[match[0]]


def unescape_html(text: str) -> str:
    """Decode every HTML entity, with or without its semicolon, as browsers do.

    >>> unescape_html("&lt;a&gt; &copy &#8217;")
    '<a> © ’'
    """
    if "&" not in text:
        return text
    if "&#" in text:
        text = _BEYOND_UNICODE.sub(_REPLACEMENT, _LEADING_ZEROS.sub("&#", text))
    return html.unescape(text)


def attribute(text: str) -> str:
    """Make text safe inside an attribute in double or single quotes, decoding nothing.

    >>> attribute('"> <script>')
    '&quot;&gt; &lt;script&gt;'
    """
    return html.escape(text, quote=True)
