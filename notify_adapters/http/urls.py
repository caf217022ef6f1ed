"""URLs with credentials inside."""

from __future__ import annotations

from urllib.parse import quote, urlsplit


def with_credentials(url: str, credentials: tuple[str, str] | None) -> str:
    """Return the URL with a user name and password for basic authentication, or as it is without any.

    >>> with_credentials("https://notify.example/receipts", ("user", "p@ss"))
    'https://user:p%40ss@notify.example/receipts'
    """
    if credentials is None:
        return url
    user, password = (quote(part, safe="") for part in credentials)
    parts = urlsplit(url)
    return parts._replace(netloc=f"{user}:{password}@{parts.netloc}").geturl()
