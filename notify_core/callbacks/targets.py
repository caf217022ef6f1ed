"""Where callbacks may go: to the public internet, by https, and nowhere else.

A service chooses the URL, and our workers, which can reach much that the public cannot, call it. So what a host's
name leads to is judged by its addresses, each time, and the call is made to an address that was judged.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from attrs import field, frozen

from notify_core.errors import NotifyError

_LONGEST_URL = 2000

# IANA's registries of special-purpose addresses, and multicast. Written out: what `ipaddress` calls global differs
# between versions of Python.
_NOT_PUBLIC_4 = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "192.175.48.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)
# Of IPv6 only 2000::/3 is given out; in it are 6to4, Teredo and others that lead to addresses inside them.
_PUBLIC_6 = ip_network("2000::/3")
_NOT_PUBLIC_6 = tuple(map(ip_network, ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")))


class InvalidCallbackUrl(NotifyError):
    """Callbacks cannot go to that URL."""

    code = "invalid-callback-url"


@frozen
class Target:
    """A URL, taken apart. `target` is its path and query; `authority` is what the Host header says."""

    secure: bool
    host: str
    port: int
    target: str = field(repr=False)

    @property
    def authority(self) -> str:
        """Return the host, with its port where that is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def read_target(url: str, *, loopback_allowed: bool) -> Target:
    """Take a URL apart. Raises InvalidCallbackUrl when callbacks cannot go there, whatever its name leads to.

    >>> read_target("https://bins.example/notify?a=1", loopback_allowed=False).authority
    'bins.example'
    """
    if len(url) > _LONGEST_URL or not url.isascii() or any(character <= " " for character in url):
        raise InvalidCallbackUrl(
            f"url: must be at most {_LONGEST_URL} characters of ASCII without spaces; encode what is not"
        )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise InvalidCallbackUrl("url: is no URL such as https://example.gov.uk/notify") from None
    if not host:
        raise InvalidCallbackUrl("url: is no URL such as https://example.gov.uk/notify")
    if parts.username is not None or parts.password is not None:
        raise InvalidCallbackUrl("url: holds a user name; leave it out, each call brings the bearer token instead")
    local = loopback_allowed and is_loopback_name(host)
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        raise InvalidCallbackUrl("url: does not begin with https://; callbacks hold personal data and go encrypted")
    if not local and is_loopback_name(host):
        raise InvalidCallbackUrl("url: leads to this machine; use a host that is reached through the internet")
    literal = _literal(host)
    if literal is not None and not may_call(literal, loopback_allowed=loopback_allowed):
        raise InvalidCallbackUrl("url: is an address inside a network; use one that is reached through the internet")
    secure = parts.scheme == "https"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure, host, port or (443 if secure else 80), target)


def is_loopback_name(host: str) -> bool:
    """Whether a host is this machine, by its name alone.

    >>> is_loopback_name("localhost"), is_loopback_name("127.0.0.1"), is_loopback_name("bins.example")
    (True, True, False)
    """
    literal = _literal(host)
    if literal is not None:
        return literal.is_loopback
    return host.rstrip(".").lower() == "localhost" or host.rstrip(".").lower().endswith(".localhost")


def may_call(address: IPv4Address | IPv6Address, *, loopback_allowed: bool) -> bool:
    """Whether callbacks may go to an address.

    >>> may_call(ip_address("169.254.169.254"), loopback_allowed=False)
    False
    """
    if address.is_loopback:
        return loopback_allowed
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    # What is mapped, translated or link-local lies outside of what is given out.
    return address in _PUBLIC_6 and not any(address in network for network in _NOT_PUBLIC_6)


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
