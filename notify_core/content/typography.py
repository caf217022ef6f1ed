"""Quotes that curl, dashes that are long, and no space before commas: what typesetters do.

Works on text and on HTML alike: tags, and what stands between some of them, are left alone. The rules for
quotes are those of SmartyPants, which look only at the characters next to a quote.
"""

from __future__ import annotations

import re

from notify_core.content.whitespace import tighten

_TAG = re.compile(r"<!--.*?--\s*>|<[^>]*>", re.DOTALL)
_LITERAL_TAG = re.compile(r"<(/?)(a|pre|samp|code|tt|kbd|script|style|math)[^>]*>", re.IGNORECASE)

_ESCAPED = {
    "\\\\": "&#92;",
    '\\"': "&#34;",
    "\\'": "&#39;",
    "\\.": "&#46;",
    "\\-": "&#45;",
    "\\`": "&#96;",
}

_BEFORE_OPENING = r"(?:\s|&nbsp;|--|&[mn]dash;|&\#8211;|&\#8212;)"
_BEFORE_CLOSING = r"[^ \t\r\n\[{(\-]"
_PUNCTUATION = r"""[!"#$%'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"""

# In order: what is decided by an early rule is out of the reach of the later ones.
_SINGLE_QUOTES = (
    (re.compile(r"\"'(?=\w)"), "“‘"),
    (re.compile(r"'\"(?=\w)"), "‘“"),
    (re.compile(r"\b'(?=\d{2}s)"), "’"),
    (re.compile(rf"({_BEFORE_OPENING})'(?=\w)"), r"\1‘"),
    (re.compile(rf"({_BEFORE_CLOSING})'(?!\s|s\b|\d)"), r"\1’"),
    (re.compile(rf"({_BEFORE_CLOSING})'(?=\s|s\b)"), r"\1’"),
    (re.compile("'"), "‘"),
)
_DOUBLE_QUOTES = (
    (re.compile(rf'({_BEFORE_OPENING})"(?=\w)'), r"\1“"),
    (re.compile(r'"(?=\s)'), "”"),
    (re.compile(rf'\A"(?={_PUNCTUATION})'), "”"),
    (re.compile(rf'({_BEFORE_CLOSING})"'), r"\1”"),
    (re.compile('"'), "“"),
)
_LONE_QUOTES = {"'": ("‘", "’"), '"': ("“", "”")}

_NUMERIC_ENTITY = re.compile(r"&#(8211|8212|8216|8217|8220|8221|8230);")

_EMAIL_ADDRESS = re.compile(r"(^|\s)\S+@\S+(\s|$)", re.MULTILINE)
_STRAIGHT = str.maketrans("‘’", "''")
_DASH = re.compile(r"(?<!\s)\s+[-–—]{1,3}\s+")


def set_type(text: str) -> str:
    r"""Apply everything here, in its order.

    >>> set_type("It's \"here\" - at last , Jo")
    'It’s “here” – at last, Jo'
    """
    return en_dashes(straighten_quotes_in_email_addresses(smart_quotes(tighten(text))))


def smart_quotes(text: str) -> str:
    r"""Make straight quotes curl.

    >>> smart_quotes("<p class='x'>'It's', said Jo, \\"isn't it?\\"</p>")
    "<p class='x'>‘It’s’, said Jo, “isn’t it?”</p>"
    """
    if not _may_change(text):
        return text
    result: list[str] = []
    literal: list[str] = []
    before, position = "", 0
    for tag in [*_TAG.finditer(text), None]:
        token = text[position : tag.start() if tag else len(text)]
        if token:
            result.append(token if literal else _curl(token, before))
            before = token[-1]
        if tag:
            result.append(tag[0])
            position = tag.end()
            _keep_track(literal, tag[0])
    return "".join(result)


def _may_change(text: str) -> bool:
    return "'" in text or '"' in text or "\\" in text or "&#8" in text


def _keep_track(literal: list[str], tag: str) -> None:
    """Note the tags inside which text is left alone. One that is never closed keeps it so to the end."""
    match = _LITERAL_TAG.match(tag)
    if match is None:
        return
    closing, name = match[1], match[2].lower()
    if not closing:
        literal.append(name)
    elif literal and literal[-1] == name:
        literal.pop()


def _curl(token: str, before: str) -> str:
    """Curl the quotes of a stretch of text between tags. `before` is the last character of the one before."""
    if not _may_change(token):
        return token
    if "\\" in token:
        for escape, entity in _ESCAPED.items():
            token = token.replace(escape, entity)
    if token in _LONE_QUOTES:
        opening, closing = _LONE_QUOTES[token]
        return closing if before and not before.isspace() else opening
    if "'" in token:
        token = _apply(_SINGLE_QUOTES, token)
    if '"' in token:
        token = _apply(_DOUBLE_QUOTES, token)
    return _NUMERIC_ENTITY.sub(lambda match: chr(int(match[1])), token)


def _apply(rules: tuple[tuple[re.Pattern[str], str], ...], token: str) -> str:
    for pattern, replacement in rules:
        token = pattern.sub(replacement, token)
    return token


def straighten_quotes_in_email_addresses(text: str) -> str:
    """Undo curling inside email addresses. Of two that stand next to each other, only the first is found.

    >>> straighten_quotes_in_email_addresses("O’Neil: o’neil@example.com")
    "O’Neil: o'neil@example.com"
    """
    if "@" not in text or ("‘" not in text and "’" not in text):
        return text
    return _EMAIL_ADDRESS.sub(lambda match: match[0].translate(_STRAIGHT), text)


def en_dashes(text: str) -> str:
    """Make one to three hyphens or dashes between spaces an en dash between single spaces.

    >>> en_dashes("here -- there"), en_dashes("part-time"), en_dashes("a ---- b")
    ('here – there', 'part-time', 'a ---- b')
    """
    return _DASH.sub(" – ", text)
