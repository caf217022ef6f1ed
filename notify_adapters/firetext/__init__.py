"""Firetext, which carries texts: its form API over HTTP."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from attrs import field, frozen

from notify_adapters.http import HttpClient, HttpFailure, HttpResponse, with_credentials
from notify_core.providers.model import (
    OutgoingSms,
    ProviderFailed,
    ProviderSilent,
    ProviderThrottled,
    ProviderUnreachable,
    ProviderUnwell,
)

TIMEOUT_SECONDS = 10.0
TOO_MANY_REQUESTS = 429
FORM = "application/x-www-form-urlencoded"
REQUEST_FAILED = "SMS client error (Request failed)"
INVALID_RESPONSE = "SMS client error (Invalid response JSON)"


@frozen
class FiretextProvider:
    """Implements `SmsProvider`.

    `international_api_key` is another account, for numbers abroad; without one `api_key` is used for them
    too. Firetext posts receipts to `receipt_url`, with `receipt_credentials` (user, password) where they are
    set, or where it was told in its own settings.
    """

    http: HttpClient = field(repr=False)
    url: str
    api_key: str = field(repr=False)
    international_api_key: str | None = field(default=None, repr=False)
    receipt_url: str | None = None
    receipt_credentials: tuple[str, str] | None = field(default=None, repr=False)

    def send(self, message: OutgoingSms) -> None:
        """Hand the text over, once. Raises ProviderFailed of one kind or another, with no personal data in it."""
        try:
            response = self.http.request(
                "POST",
                self.url,
                timeout=TIMEOUT_SECONDS,
                headers={"Content-Type": FORM},
                body=self._body(message),
            )
        except HttpFailure as failure:
            raise (ProviderSilent if failure.connected else ProviderUnreachable)(REQUEST_FAILED) from None
        _check(response)

    def _body(self, message: OutgoingSms) -> bytes:
        fields = {
            "apiKey": self._key_for(message),
            "from": message.sender,
            "to": message.recipient.replace("+", ""),
            "message": message.text,
            "reference": str(message.reference),
        }
        if self.receipt_url is not None:
            fields["receipt"] = with_credentials(self.receipt_url, self.receipt_credentials)
        return urlencode(fields, errors="replace").encode()

    def _key_for(self, message: OutgoingSms) -> str:
        if message.international and self.international_api_key is not None:
            return self.international_api_key
        return self.api_key


def _check(response: HttpResponse) -> None:
    """Firetext says with a `code` of 0 that it took the message, and reports errors with HTTP 200."""
    if response.status == TOO_MANY_REQUESTS:
        raise ProviderThrottled(REQUEST_FAILED)
    if response.status >= 500:
        raise ProviderUnwell(REQUEST_FAILED)
    if response.status >= 400:
        raise ProviderFailed(REQUEST_FAILED)
    try:
        answer = json.loads(response.body)
    except (ValueError, RecursionError):
        raise ProviderSilent(INVALID_RESPONSE) from None
    if not isinstance(answer, dict) or answer.get("code") != 0:
        raise ProviderFailed(INVALID_RESPONSE)
