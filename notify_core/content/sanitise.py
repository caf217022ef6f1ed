"""Taking the sting out of values that strangers typed: no links, and no Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from notify_core.content.keys import key_of
from notify_core.content.web_addresses import replace_web_addresses

_MARKDOWN = re.compile(r"([`*_()\\{}\[\]<>#+\-.!|])")
_NAME_WITH_DOTS = re.compile(r"[A-Za-z0-9.\-]+")


class Sanitised(NamedTuple):
    """A value as it was given, and as it will be shown."""

    unsanitised: str
    sanitised: str


def sanitise(value: str) -> str:
    r"""Return a value that is shown as plain text.

    Links vanish. What may as well be two words with a full stop between them is only broken up.

    >>> sanitise("*Jo* see evil.example or https://evil.example/x")
    '\\*Jo\\* see evil\\. example or '
    """
    return _MARKDOWN.sub(r"\\\1", replace_web_addresses(value, _defused))


def _defused(address: str) -> str:
    return address.replace(".", ". ") if _NAME_WITH_DOTS.fullmatch(address) else ""


def sanitise_content_for(
    values: Mapping[str, object], names: Iterable[str]
) -> tuple[dict[str, object], dict[str, Sanitised]]:
    r"""Sanitise the values of these names, however they are spelled. Return all values, and what was changed.

    >>> values, changed = sanitise_content_for({"First name": "*Jo*", "n": 1}, ["first_name"])
    >>> values["First name"], changed["First name"].unsanitised
    ('\\*Jo\\*', '*Jo*')
    """
    wanted = {key_of(name) for name in names}
    result: dict[str, object] = dict(values)
    changed: dict[str, Sanitised] = {}
    for name, value in values.items():
        if key_of(name) not in wanted or value is None:
            continue
        sanitised = [sanitise(str(item)) for item in value] if isinstance(value, list) else sanitise(str(value))
        if sanitised != value and str(sanitised) != str(value):
            result[name] = sanitised
            changed[name] = Sanitised(str(value), str(sanitised))
    return result, changed
