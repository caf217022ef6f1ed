"""MMG, which carries texts: its JSON API over HTTP."""

from __future__ import annotations

import json

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
REQUEST_FAILED = "SMS client error (Request failed)"
INVALID_RESPONSE = "SMS client error (Invalid response JSON)"


@frozen
class MmgProvider:
    """Implements `SmsProvider`.

    MMG posts receipts to `receipt_url`, with `receipt_credentials` (user, password) where they are set, or
    where it was told in its own settings.
    """

    http: HttpClient = field(repr=False)
    url: str
    api_key: str = field(repr=False)
    receipt_url: str | None = None
    receipt_credentials: tuple[str, str] | None = field(default=None, repr=False)

    def send(self, message: OutgoingSms) -> None:
        """Hand the text over, once. Raises ProviderFailed of one kind or another, with no personal data in it."""
        try:
            response = self.http.request(
                "POST",
                self.url,
                timeout=TIMEOUT_SECONDS,
                headers={"Content-Type": "application/json", "Authorization": f"Basic {self.api_key}"},
                body=self._body(message),
            )
        except HttpFailure as failure:
            raise (ProviderSilent if failure.connected else ProviderUnreachable)(REQUEST_FAILED) from None
        _check(response)

    def _body(self, message: OutgoingSms) -> bytes:
        fields = {
            "reqType": "BULK",
            "MSISDN": message.recipient,
            "msg": message.text,
            "sender": message.sender,
            "cid": str(message.reference),
            "multi": True,
        }
        if self.receipt_url is not None:
            fields["delurl"] = with_credentials(self.receipt_url, self.receipt_credentials)
        return json.dumps(fields).encode()


def _check(response: HttpResponse) -> None:
    """Any JSON at all means that MMG took the message."""
    if response.status == TOO_MANY_REQUESTS:
        raise ProviderThrottled(REQUEST_FAILED)
    if response.status >= 500:
        raise ProviderUnwell(REQUEST_FAILED)
    if response.status >= 400:
        raise ProviderFailed(REQUEST_FAILED)
    try:
        json.loads(response.body)
    except (ValueError, RecursionError):
        raise ProviderSilent(INVALID_RESPONSE) from None
