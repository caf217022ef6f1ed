"""Emails through SES."""

from __future__ import annotations

import os
from threading import Lock
from typing import TYPE_CHECKING

from attrs import field, frozen
from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ProxyConnectionError,
)
from botocore.parsers import ResponseParserError

from notify_adapters.ses.addresses import NotAnAddress, mailbox, with_ascii_domain
from notify_adapters.ses.errors import meaning
from notify_core.providers.model import (
    OutgoingEmail,
    ProviderFailed,
    ProviderRefused,
    ProviderSilent,
    ProviderUnreachable,
)
from notify_core.providers.ses_events import OUR_ID_HEADER, OUR_ID_TAG

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.type_defs import MessageHeaderTypeDef, MessageTypeDef

# One attempt only: trying again is decided by the core, and a repeat after a lost answer would be a second
# email.
_CONFIG = Config(
    connect_timeout=5,
    read_timeout=10,
    retries={"total_max_attempts": 1, "mode": "standard"},
    max_pool_connections=50,
    parameter_validation=False,
)

_NOT_CONNECTED = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError)


@frozen
class SesProvider:
    """Implements `EmailProvider` with SES v2's SendEmail; SES itself makes the MIME message.

    `endpoint_url` is only for stand-ins. Credentials are found as usual with AWS. The client is made on the
    first use in each process, so that a forked one does not share its parent's connections.
    """

    region: str
    endpoint_url: str | None = None
    _clients: dict[int, SESV2Client] = field(init=False, repr=False, factory=dict)
    _locks: dict[int, Lock] = field(init=False, repr=False, factory=dict)

    def send(self, message: OutgoingEmail) -> str:
        """Hand the email over, once, and return SES's id for it.

        Raises ProviderRefused when SES finds fault with the email itself, and ProviderFailed of one kind or another.
        None has personal data in it.
        """
        try:
            recipient = with_ascii_domain(message.recipient)
            reply_to = [with_ascii_domain(message.reply_to)] if message.reply_to else []
        except NotAnAddress as error:
            raise ProviderRefused(f"SES client error ({error})") from None
        try:
            answer = self._client().send_email(
                FromEmailAddress=mailbox(message.sender_name, message.sender_address),
                Destination={"ToAddresses": [recipient], "CcAddresses": [], "BccAddresses": []},
                Content={"Simple": _content(message)},
                ReplyToAddresses=reply_to,
                EmailTags=[{"Name": OUR_ID_TAG, "Value": str(message.reference)}],
            )
        except ClientError as error:
            raise meaning(error) from None
        except _NOT_CONNECTED as error:
            raise ProviderUnreachable(f"SES client error ({type(error).__name__})") from None
        except (HTTPClientError, ResponseParserError, AttributeError, ValueError) as error:
            # The last two are how botocore's parser trips over an answer that is no JSON object.
            raise ProviderSilent(f"SES client error ({type(error).__name__})") from None
        except BotoCoreError as error:
            # Before anything was sent. Not its text: that of a parameter's fault quotes the email.
            raise ProviderFailed(f"SES client error ({type(error).__name__})") from None
        return _message_id(answer)

    def _client(self) -> SESV2Client:
        process = os.getpid()
        client = self._clients.get(process)
        if client is not None:
            return client
        with self._locks.setdefault(process, Lock()):  # making one costs some 50 ms of CPU
            if process not in self._clients:
                self._clients[process] = Session(region_name=self.region).client(
                    "sesv2", endpoint_url=self.endpoint_url, config=_CONFIG
                )
        return self._clients[process]


def _content(message: OutgoingEmail) -> MessageTypeDef:
    return {
        "Subject": {"Data": message.subject},
        "Body": {"Text": {"Data": message.text}, "Html": {"Data": message.html}},
        "Headers": _headers(message),
    }


def _headers(message: OutgoingEmail) -> list[MessageHeaderTypeDef]:
    """Our id, which is in SES's events too, and unsubscribing with one click, RFC 8058."""
    ours: MessageHeaderTypeDef = {"Name": OUR_ID_HEADER, "Value": str(message.reference)}
    if not message.one_click_unsubscribe_url:
        return [ours]
    return [
        ours,
        {"Name": "List-Unsubscribe", "Value": f"<{message.one_click_unsubscribe_url}>"},
        {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
    ]


def _message_id(answer: object) -> str:
    """What is not JSON, botocore takes for an answer without any fields."""
    found = answer.get("MessageId") if isinstance(answer, dict) else None
    if not isinstance(found, str) or not found:
        raise ProviderSilent("SES client error (no MessageId in the answer)")
    return found
