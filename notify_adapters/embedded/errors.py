"""What can go wrong with an embedded part."""

from __future__ import annotations

from notify_core.errors import NotifyError


class EmbeddedPartError(NotifyError):
    """An embedded part cannot be found, started or kept alive; the sentence says which, and the way out."""

    code = "embedded-part"
