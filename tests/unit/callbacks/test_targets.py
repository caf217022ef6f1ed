"""Where callbacks may go, and where they must not."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from notify_core.callbacks.targets import InvalidCallbackUrl, may_call, read_target

INSIDE = [
    "0.0.0.0",  # noqa: S104 - nobody is bound to it
    "10.1.2.3",
    "100.64.0.1",
    "100.127.255.254",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "::10.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:a00:1::",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
OUTSIDE = [
    "8.8.8.8",
    "1.1.1.1",
    "100.63.255.255",
    "100.128.0.1",
    "172.32.0.1",
    "2606:4700:4700::1111",
    "2a00:1450::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_networks_are_never_called(address: str) -> None:
    assert not may_call(ip_address(address), loopback_allowed=False)
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(InvalidCallbackUrl, match=r"^url: "):
        read_target(f"https://{host}/x", loopback_allowed=False)


@pytest.mark.parametrize("address", OUTSIDE)
def test_public_addresses_are(address: str) -> None:
    assert may_call(ip_address(address), loopback_allowed=False)


def test_development_opens_loopback_and_nothing_else() -> None:
    for address in INSIDE:
        if not ip_address(address).is_loopback:
            assert not may_call(ip_address(address), loopback_allowed=True), address
    assert may_call(ip_address("127.0.0.1"), loopback_allowed=True)
    assert not read_target("http://localhost:8000/x", loopback_allowed=True).secure


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://bins.example/x", "does not begin with https"),
        ("http://localhost/x", "does not begin with https"),
        ("https://localhost/x", "this machine"),
        ("https://api.localhost./x", "this machine"),
        ("ftp://bins.example/x", "does not begin with https"),
        ("bins.example/x", "is no URL"),
        ("https:///x", "is no URL"),
        ("https://[::1/x", "is no URL"),
        ("https://bins.example:99999/", "is no URL"),
        ("https://user:secret@bins.example/", "user name"),
        ("https://@bins.example/", "user name"),
        ("https://bins.example/a b", "without spaces"),
        ("https://bins.example/a\nb", "without spaces"),
        ("https://bíns.example/", "ASCII"),
        ("https://bins.example/" + "x" * 2000, "at most 2000"),
    ],
)
def test_what_is_no_url_for_callbacks_is_named_with_the_way_out(url: str, problem: str) -> None:
    with pytest.raises(InvalidCallbackUrl, match=problem) as refused:
        read_target(url, loopback_allowed=False)
    assert "secret" not in str(refused.value)


def test_a_url_is_taken_apart() -> None:
    target = read_target("https://Bins.example:8443/a/b?c=d", loopback_allowed=False)
    assert (target.host, target.port, target.target) == ("bins.example", 8443, "/a/b?c=d")
    assert target.authority == "bins.example:8443"
    assert read_target("https://[2606:4700::1111]", loopback_allowed=False).authority == "[2606:4700::1111]"
