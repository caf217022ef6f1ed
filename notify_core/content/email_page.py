"""The page around the body of an HTML email."""

from __future__ import annotations

from notify_core.content.branding import EmailBranding


def email_page(*, subject: str, preheader: str, body: str, branding: EmailBranding) -> str:
    """Return the page. All texts but those of the branding are HTML already."""
    del branding
    return subject + preheader + body
