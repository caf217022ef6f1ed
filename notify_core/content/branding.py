"""How an email looks: whose logo and colour it carries."""

from __future__ import annotations

from attrs import frozen


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
