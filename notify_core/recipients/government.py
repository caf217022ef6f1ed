"""Which email addresses belong to the public sector."""

from __future__ import annotations

GOVERNMENT_DOMAINS = (
    "gov.uk",
    "nhs.uk",
    "nhs.net",
    "nhs.scot",
    "police.uk",
    "cjsm.net",
    "sch.uk",
    "hscni.net",
    "llyw.cymru",
    "nhs.wales",
    "judiciary.uk",
    "kirkleeseducation.uk",
)


def is_government_address(address: str) -> bool:
    """Whether an email address is at one of these domains, or below it.

    >>> is_government_address("jo@Digital.gov.uk"), is_government_address("jo@notgov.uk")
    (True, False)
    """
    host = address.rpartition("@")[2].lower()
    return any(host == domain or host.endswith(f".{domain}") for domain in GOVERNMENT_DOMAINS)
