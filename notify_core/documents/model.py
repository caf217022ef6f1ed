"""A file on its way to the file service."""

from __future__ import annotations

from attrs import field, frozen

DEFAULT_RETENTION = "26 weeks"


@frozen(kw_only=True)
class Document:
    """A file to be kept for its recipient.

    `content` is base64, exactly as the sender gave it. `retention_period` is a text such as "26 weeks".
    `confirmation_email` is the address that whoever opens the link is asked for; None asks nobody.
    """

    content: str = field(repr=False)
    is_csv: bool = False
    retention_period: str = DEFAULT_RETENTION
    filename: str | None = field(default=None, repr=False)
    confirmation_email: str | None = field(default=None, repr=False)
