"""Quotes that curl, dashes that are long, and no space before commas: what typesetters do.

Works on text and on HTML alike: tags, and what stands between some of them, are left alone. The rules for
quotes are those of SmartyPants, which look only at the characters next to a quote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from notify_core.content.whitespace import tighten

_TAG = re.compile(r"<[^>]*>")
_TAG_OR_COMMENT = re.compile(r"<!--.*?--\s*>|<[^>]*>", re.DOTALL)
_COMMENT_END = re.compile(r"--\s*>")
_LITERAL_TAG = re.compile(r"<(/?)(a|pre|samp|code|tt|kbd|script|style|math)[^>]*>", re.IGNORECASE)

_ESCAPED = {
    "\\\\": "&#92;",
    '\\"': "&#34;",
    "\\'": "&#39;",
    "\\.": "&#46;",
    "\\-": "&#45;",
    "\\`": "&#96;",
}

# What comes before a quote that opens, or closes. The entities are those that stand for spaces and dashes.
_BEFORE_OPENING = (r"\s", "&nbsp;", "--", "&[mn]dash;", r"&\#8211;", r"&\#8212;")
_BEFORE_CLOSING = (r"[^ \t\r\n\[{(\-]",)
_PUNCTUATION = r"""[!"#$%'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"""


class _Rule(NamedTuple):
    """A quote becomes another character where it stands between these things."""

    quote: str
    before: tuple[str, ...]
    after: str
    replacement: str

    def beside_itself(self) -> tuple[re.Pattern[str], str]:
        """Return the rule for quotes next to each other: what a match begins with is not looked at again."""
        if not self.before:
            return re.compile(f"{self.quote}{self.after}"), self.replacement
        return re.compile(f"({'|'.join(self.before)}){self.quote}{self.after}"), rf"\1{self.replacement}"

    def alone(self) -> tuple[re.Pattern[str], str]:
        """Return the same rule for quotes that are not: much faster, since it only looks at quotes."""
        before = "|".join(f"(?<={what}{self.quote})" for what in self.before)
        return re.compile(f"{self.quote}{self.after}(?:{before})"), self.replacement


# In order: what is decided by an early rule is out of the reach of the later ones.
_SINGLE_QUOTES = (
    _Rule("\"'", (), r"(?=\w)", "“‘"),
    _Rule("'\"", (), r"(?=\w)", "‘“"),
    _Rule("'", (r"\w",), r"(?=\d{2}s)", "’"),
    _Rule("'", _BEFORE_OPENING, r"(?=\w)", "‘"),
    _Rule("'", _BEFORE_CLOSING, r"(?!\s|s\b|\d)", "’"),
    _Rule("'", _BEFORE_CLOSING, r"(?=\s|s\b)", "’"),
    _Rule("'", (), "", "‘"),
)
_DOUBLE_QUOTES = (
    _Rule('"', _BEFORE_OPENING, r"(?=\w)", "“"),
    _Rule('"', (), r"(?=\s)", "”"),
    _Rule(r'\A"', (), rf"(?={_PUNCTUATION})", "”"),
    _Rule('"', _BEFORE_CLOSING, "", "”"),
    _Rule('"', (), "", "“"),
)
_RULES = {
    quote: ([rule.alone() for rule in rules], [rule.beside_itself() for rule in rules])
    for quote, rules in (("'", _SINGLE_QUOTES), ('"', _DOUBLE_QUOTES))
}
_LONE_QUOTES = {"'": ("‘", "’"), '"': ("“", "”")}

_NUMERIC_ENTITY = re.compile(r"&#(8211|8212|8216|8217|8220|8221|8230);")

_EMAIL_ADDRESS = re.compile(r"(^|\s)\S+@\S+(\s|$)", re.MULTILINE)
_STRAIGHT = str.maketrans("‘’", "''")
_DASH_AFTER_SPACE = re.compile(r"\s[-–—]")
_DASH = re.compile(r"\s(?<!\s\s)\s*[-–—]{1,3}\s+")


def set_type(text: str) -> str:
    r"""Apply everything here, in its order.

    >>> set_type("It's \"here\" - at last , Jo")
    'It’s “here” – at last, Jo'
    """
    return en_dashes(straighten_quotes_in_email_addresses(smart_quotes(tighten(text))))


def smart_quotes(text: str) -> str:
    r"""Make straight quotes curl.

    >>> smart_quotes("<p class='x'>'It's', said Jo, \"isn't it?\"</p>")
    "<p class='x'>‘It’s’, said Jo, “isn’t it?”</p>"
    """
    if not _may_change(text):
        return text
    result: list[str] = []
    literal: list[str] = []
    before, position = "", 0
    for tag in [*_tags(text), None]:
        token = text[position : tag.start() if tag else len(text)]
        if token:
            result.append(token if literal else _curl(token, before))
            before = token[-1]
        if tag:
            result.append(tag[0])
            position = tag.end()
            _keep_track(literal, tag[0])
    return "".join(result)


def _tags(text: str) -> Iterator[re.Match[str]]:
    """Yield tags and comments. Neither is looked for behind the last place where one can end."""
    end_of_comments = max((match.end() for match in _COMMENT_END.finditer(text)), default=0)
    position = 0
    for tag in _TAG_OR_COMMENT.finditer(text, 0, end_of_comments):
        yield tag
        position = tag.end()
    yield from _TAG.finditer(text, position, text.rfind(">") + 1)


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
    for quote, (alone, beside_itself) in _RULES.items():
        if quote in token:
            for pattern, replacement in beside_itself if quote * 2 in token else alone:
                token = pattern.sub(replacement, token)
    return _NUMERIC_ENTITY.sub(lambda match: chr(int(match[1])), token)


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
    return _DASH.sub(" – ", text) if _DASH_AFTER_SPACE.search(text) else text
