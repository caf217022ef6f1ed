"""Opening what SNS posts."""

from __future__ import annotations

from attrs import field, frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from notify_adapters.http import HttpClient, HttpFailure
from notify_adapters.sns.certificates import TIMEOUT_SECONDS, Certificates
from notify_adapters.sns.envelope import NOTIFICATION, SUBSCRIPTION, Envelope, read_envelope
from notify_adapters.sns.trust import is_certificate_url, is_subscription_url
from notify_core.providers.ses_events import EventUnverified, UntrustedEvent

# Version 1 is what SNS does unless the topic says otherwise.
_DIGESTS: dict[str, type[HashAlgorithm]] = {"1": SHA1, "2": SHA256}


@frozen
class SnsInbox:
    """Implements `EventInbox`.

    Certificates come from Amazon over HTTPS, or from URLs that begin with one of `certificate_url_prefixes`,
    which are for stand-ins. SNS signs for everybody who has a topic: `topic_arns` are ours, and messages of
    others are not trusted; without any, nothing is.
    """

    http: HttpClient = field(repr=False)
    certificate_url_prefixes: tuple[str, ...] = ()
    topic_arns: tuple[str, ...] = ()
    _certificates: Certificates = field(init=False, repr=False)

    @_certificates.default
    def _new_certificates(self) -> Certificates:
        return Certificates(self.http)

    def open(self, body: bytes) -> str | None:
        """Return the text of a notification whose signature is right; None when there is nothing to read.

        A subscription to a topic of ours is confirmed, the end of one is left at that. Raises InvalidEvent,
        UntrustedEvent or EventUnverified.
        """
        envelope = read_envelope(body)
        self._check_topic(envelope)
        self._check_signature(envelope)
        if envelope.kind == NOTIFICATION:
            return envelope.message
        if envelope.kind == SUBSCRIPTION:
            self._confirm(envelope.field("SubscribeURL"))
        return None

    def _check_topic(self, envelope: Envelope) -> None:
        if envelope.fields.get("TopicArn") not in self.topic_arns:
            raise UntrustedEvent("The SNS message is of a topic that is not ours")

    def _check_signature(self, envelope: Envelope) -> None:
        signature = envelope.signature()
        digest = _DIGESTS.get(envelope.field("SignatureVersion"))
        if digest is None:
            raise UntrustedEvent("The SNS message is signed in an unknown way")
        url = envelope.field("SigningCertURL")
        if not is_certificate_url(url, self.certificate_url_prefixes):
            raise UntrustedEvent("The SNS message names a certificate that is not Amazon's")
        try:
            self._certificates.key(url).verify(signature, envelope.signed_text(), PKCS1v15(), digest())
        except InvalidSignature:
            raise UntrustedEvent("The signature of the SNS message is wrong") from None

    def _confirm(self, url: str) -> None:
        if not is_subscription_url(url, self.certificate_url_prefixes):
            raise UntrustedEvent("The SNS message names a subscription that is not Amazon's")
        try:
            response = self.http.request("GET", url, timeout=TIMEOUT_SECONDS)
        except HttpFailure as error:
            raise EventUnverified(f"The SNS subscription cannot be confirmed: {error}") from None
        if response.status != 200:
            raise EventUnverified(f"The SNS subscription cannot be confirmed: HTTP {response.status}")
