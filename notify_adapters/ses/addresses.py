"""Addresses as they go into an email's header."""

from __future__ import annotations

import re
from email.header import Header

_NOT_IN_HEADERS = re.compile(r"[\x00-\x1f\x7f]+")
_TO_ESCAPE = re.compile(r'(["\\])')


class NotAnAddress(ValueError):
    """The domain cannot be written in ASCII."""


def mailbox(name: str, address: str) -> str:
    r"""Return a name and an address as a header has them (RFC 5322; RFC 2047 when the name is not ASCII).

    >>> mailbox("Passports", "passports@notify.example")
    '"Passports" <passports@notify.example>'
    >>> mailbox('The "Office"', "office@notify.example")
    '"The \\"Office\\"" <office@notify.example>'
    >>> mailbox("Trwyddedau Dŵr", "dwr@notify.example")
    '=?utf-8?q?Trwyddedau_D=C5=B5r?= <dwr@notify.example>'
    """
    text = _NOT_IN_HEADERS.sub(" ", name).encode("utf-8", "replace").decode()
    if text.isascii():
        escaped = _TO_ESCAPE.sub(r"\\\1", text)
        return f'"{escaped}" <{address}>'
    return f"{Header(text, 'utf-8').encode(linesep='', maxlinelen=75)} <{address}>"


def with_ascii_domain(address: str) -> str:
    """Return the address with its domain in ASCII (IDNA) and its local part as it is. Raises NotAnAddress.

    >>> with_ascii_domain("føøøø@bååååår.com")
    'føøøø@xn--br-yiaaaaa.com'
    """
    local, at, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return f"{local}{at}{domain.encode('idna').decode()}"
    except UnicodeError:
        raise NotAnAddress("the domain cannot be written in ASCII") from None
