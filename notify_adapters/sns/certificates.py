"""The certificates that SNS signs with."""

from __future__ import annotations

from datetime import UTC, datetime
from time import monotonic

from attrs import Factory, field, frozen
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from notify_adapters.http import HttpClient, HttpFailure
from notify_core.providers.ses_events import EventUnverified, UntrustedEvent

TIMEOUT_SECONDS = 5.0
# Amazon gives a new certificate a new URL. A stand-in that is started anew keeps its URL and changes its key.
KEPT_SECONDS = 300.0
MOST_KEPT = 16


@frozen
class _Kept:
    key: RSAPublicKey
    expires: datetime
    until: float


@frozen
class Certificates:
    """Fetches certificates and keeps the few that are in use. Safe to share among threads."""

    http: HttpClient = field(repr=False)
    _kept: dict[str, _Kept] = Factory(dict)

    def key(self, url: str) -> RSAPublicKey:
        """Return the public key of the certificate at `url`, which must be one we trust.

        Raises UntrustedEvent when no valid certificate is there, EventUnverified when it cannot be fetched.
        """
        kept = self._kept.get(url)
        if kept is None or kept.until < monotonic():
            kept = self._fetch(url)
            while len(self._kept) >= MOST_KEPT:
                self._kept.pop(next(iter(list(self._kept))), None)
            self._kept[url] = kept
        if kept.expires < datetime.now(UTC):
            raise UntrustedEvent("The certificate of the SNS message has expired")
        return kept.key

    def _fetch(self, url: str) -> _Kept:
        try:
            response = self.http.request("GET", url, timeout=TIMEOUT_SECONDS)
        except HttpFailure as error:
            raise EventUnverified(f"The certificate of the SNS message cannot be fetched: {error}") from None
        if response.status >= 500:
            raise EventUnverified(f"The certificate of the SNS message cannot be fetched: HTTP {response.status}")
        if response.status != 200:
            raise UntrustedEvent("There is no certificate where the SNS message says")
        try:
            certificate = x509.load_pem_x509_certificate(response.body)
        except ValueError:
            raise UntrustedEvent("There is no certificate where the SNS message says") from None
        key = certificate.public_key()
        if not isinstance(key, RSAPublicKey):
            raise UntrustedEvent("The certificate of the SNS message has no RSA key")
        return _Kept(key, certificate.not_valid_after_utc, monotonic() + KEPT_SECONDS)
