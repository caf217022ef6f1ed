"""How an email looks: whose logo and colour it carries."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from attrs import frozen

BrandType = Literal["both", "org", "org_banner"]
"""An organisation's branding beside the GOV.UK banner, by itself, or as a banner of its own."""

_STATIC_LOGOS = "static-logos"
_LOCAL_HOST = "localhost"
_HOST_FOR_LOCAL = "notify.tools"


@frozen(kw_only=True)
class EmailBranding:
    """The looks of an email.

    `logo` is a URL; `colour` anything CSS takes for one; `text` stands beside the logo, `alt_text` in place of
    it. `banner` puts them on a strip of the colour. Without `complete_html`, only what belongs into a page's
    body is made.
    """

    govuk_banner: bool = True
    complete_html: bool = True
    logo: str | None = None
    text: str | None = None
    colour: str | None = None
    banner: bool = False
    alt_text: str | None = None


GOVUK_BRANDING = EmailBranding()
"""What is used when a service has no branding of its own."""


def organisation_branding(
    brand_type: BrandType,
    *,
    logo: str | None = None,
    text: str | None = None,
    colour: str | None = None,
    alt_text: str | None = None,
) -> EmailBranding:
    """Return the looks that an organisation has chosen. `logo` is a URL: see `logo_url`.

    >>> organisation_branding("org_banner", text="Parks").banner
    True
    """
    return EmailBranding(
        govuk_banner=brand_type == "both",
        banner=brand_type == "org_banner",
        logo=logo,
        text=text,
        colour=colour,
        alt_text=alt_text,
    )


def logo_url(admin_base_url: str, file_name: str) -> str:
    """Return where a logo is to be had, given where the pages for senders are.

    >>> logo_url("https://www.notifications.service.gov.uk", "parks.png")
    'https://static-logos.notifications.service.gov.uk/parks.png'
    """
    parts = urlsplit(admin_base_url)
    host = _HOST_FOR_LOCAL if parts.hostname == _LOCAL_HOST else parts.netloc.removeprefix("www.")
    return f"{parts.scheme}://{_STATIC_LOGOS}.{host}/{file_name}"
