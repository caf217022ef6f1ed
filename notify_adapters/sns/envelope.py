"""A message as SNS posts it, taken apart."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping

from attrs import frozen

from notify_core.providers.ses_events import InvalidEvent, UntrustedEvent

NOTIFICATION = "Notification"
SUBSCRIPTION = "SubscriptionConfirmation"
_SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SUBSCRIPTION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_SIGNED["UnsubscribeConfirmation"] = _SIGNED[SUBSCRIPTION]
# SNS writes `URL` when it posts over HTTP, and `Url` in what it hands to a Lambda function.
_SPELLINGS = {"SigningCertUrl": "SigningCertURL", "SubscribeUrl": "SubscribeURL"}


@frozen
class Envelope:
    """What is around a report. `fields` are those that are texts."""

    fields: Mapping[str, str]

    @property
    def kind(self) -> str:
        """What SNS wants of us: one of its three types."""
        return self.fields["Type"]

    @property
    def message(self) -> str:
        """The text inside."""
        return self.fields["Message"]

    def field(self, name: str) -> str:
        """Return a field that SNS always sends. Raises UntrustedEvent without it."""
        value = self.fields.get(name)
        if not value:
            raise UntrustedEvent(f"The SNS message has no {name}")
        return value

    def signature(self) -> bytes:
        """Return the signature. Raises UntrustedEvent when there is none."""
        try:
            return base64.b64decode(self.field("Signature"), validate=True)
        except (binascii.Error, ValueError):
            raise UntrustedEvent("The SNS message's Signature is not base64") from None

    def signed_text(self) -> bytes:
        """Return what SNS signs: the name and the value of each field that is there, a line each."""
        names = [name for name in _SIGNED[self.kind] if name in self.fields]
        return "".join(f"{name}\n{self.fields[name]}\n" for name in names).encode("utf-8", "surrogatepass")


def read_envelope(body: bytes) -> Envelope:
    """Take a posted body apart, whoever posted it. Raises InvalidEvent."""
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidEvent("SES callback failed: invalid json") from None
    if not isinstance(document, dict):
        raise InvalidEvent("SES callback failed: invalid json")
    fields = {
        _SPELLINGS.get(str(name), str(name)): value for name, value in document.items() if isinstance(value, str)
    }
    if not fields.get("Message"):
        raise InvalidEvent("SES callback failed: Message missing")
    if fields.get("Type") not in _SIGNED:
        raise InvalidEvent("SES callback failed: Type must be Notification or SubscriptionConfirmation")
    return Envelope(fields)
