"""Messages as Amazon SNS posts them to an HTTP subscriber, really signed.

The key is made when the simulator starts; its self-signed certificate is served by the simulator itself,
so that a receiver verifies exactly as it would verify Amazon's: fetch the certificate, build the text,
check the signature. https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

from __future__ import annotations

import base64
import uuid
from datetime import UTC, datetime, timedelta
from typing import Literal

import orjson
from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

SignatureVersion = Literal["1", "2"]

CONTENT_TYPE = "text/plain; charset=UTF-8"
NOTIFICATION_FIELDS = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION_FIELDS = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


def text_to_sign(message: dict[str, str]) -> bytes:
    """Return what the signature is over: the name and the value of each field that is there, a line each."""
    names = NOTIFICATION_FIELDS if message["Type"] == "Notification" else CONFIRMATION_FIELDS
    return "".join(f"{name}\n{message[name]}\n" for name in names if name in message).encode()


@frozen
class Identity:
    """A private key and the certificate that goes with it, in PEM."""

    key: rsa.RSAPrivateKey
    certificate: bytes

    @classmethod
    def make(cls) -> Identity:
        """Make a new key and a self-signed certificate, valid for ten years."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.simulator.invalid")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=3650))
            .sign(key, hashes.SHA256())
        )
        return cls(key, certificate.public_bytes(serialization.Encoding.PEM))

    def sign(self, message: dict[str, str], version: SignatureVersion) -> str:
        """Return the signature, base64: with SHA-1 in version 1, with SHA-256 in version 2."""
        digest = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303 - what Amazon does
        return base64.b64encode(self.key.sign(text_to_sign(message), padding.PKCS1v15(), digest)).decode()


@frozen(kw_only=True)
class Topic:
    """One SNS topic that posts to one subscriber. `own_url` is where the simulator can be reached."""

    identity: Identity
    arn: str
    own_url: str
    version: SignatureVersion = "1"

    @property
    def certificate_url(self) -> str:
        """Where the certificate is served."""
        return f"{self.own_url}/_simulator/certificate.pem"

    def notification(self, text: str, *, forged: bool = False) -> dict[str, str]:
        """Return a signed notification; a forged one is signed with a key that is not the certificate's."""
        message = self._signed({"Type": "Notification", "Message": text}, forged=forged)
        return message | {"UnsubscribeURL": f"{self.own_url}/_simulator/unsubscribe?SubscriptionArn={self.arn}"}

    def subscription_confirmation(self, token: str) -> dict[str, str]:
        """Return the signed request to confirm a subscription, which names the URL to get."""
        return self._signed(
            {
                "Type": "SubscriptionConfirmation",
                "Token": token,
                "Message": f"You have chosen to subscribe to the topic {self.arn}.",
                "SubscribeURL": f"{self.own_url}/_simulator/confirm?Token={token}&TopicArn={self.arn}",
            }
        )

    def headers(self, message: dict[str, str]) -> dict[str, str]:
        """Return the HTTP headers SNS sends with a message."""
        return {
            "Content-Type": CONTENT_TYPE,
            "User-Agent": "Amazon Simple Notification Service Agent",
            "x-amz-sns-message-type": message["Type"],
            "x-amz-sns-message-id": message["MessageId"],
            "x-amz-sns-topic-arn": self.arn,
        }

    def _signed(self, fields: dict[str, str], *, forged: bool = False) -> dict[str, str]:
        message = fields | {
            "MessageId": str(uuid.uuid4()),
            "TopicArn": self.arn,
            "Timestamp": now_text(),
        }
        signer = Identity.make() if forged else self.identity
        signature = {
            "SignatureVersion": self.version,
            "Signature": signer.sign(message, self.version),
            "SigningCertURL": self.certificate_url,
        }
        return message | signature


def now_text() -> str:
    """Return the present as Amazon writes it: `2016-03-14T12:35:25.909Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def posted(message: dict[str, str]) -> bytes:
    """Return the body SNS posts."""
    return orjson.dumps(message)
