"""The SES simulator, through boto3, with moto behind it and without."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from notify_adapters.embedded import EmbeddedAws, free_port
from notify_adapters.simulators.client import SimulatorClient

RECIPIENT = "somebody@example.com"
SENDER = '"A Service" <a.service@notify.example>'


def ses_client(url: str) -> Any:
    return boto3.client(
        "sesv2",
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


def send(ses: SimulatorClient, to: str = RECIPIENT, subject: str = "Hello") -> str:
    client = ses_client(ses.url)
    try:
        answer = client.send_email(
            FromEmailAddress=SENDER,
            Destination={"ToAddresses": [to]},
            Content={
                "Simple": {
                    "Subject": {"Data": subject},
                    "Body": {"Text": {"Data": "text"}, "Html": {"Data": "<p>text</p>"}},
                    "Headers": [{"Name": "List-Unsubscribe", "Value": "<https://example.com>"}],
                }
            },
        )
    finally:
        client.close()
    message_id: str = answer["MessageId"]
    return message_id


def events(webhook: Any, count: int) -> list[dict[str, Any]]:
    return [json.loads(json.loads(one.body)["Message"]) for one in webhook.wait_for(count)]


def verify(message: dict[str, str]) -> None:
    """Check a signature as AWS documents it; InvalidSignature when it is wrong."""
    with urlopen(message["SigningCertURL"], timeout=30) as response:
        key = x509.load_pem_x509_certificate(response.read()).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    signed = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
    digest = hashes.SHA1() if message["SignatureVersion"] == "1" else hashes.SHA256()  # noqa: S303 - as Amazon
    key.verify(base64.b64decode(message["Signature"]), signed.encode(), padding.PKCS1v15(), digest)


@pytest.fixture
def ses(start_simulator: Callable[..., SimulatorClient], webhook: Any) -> SimulatorClient:
    return start_simulator("ses", "--receipts-url", webhook.url, "--receipt-delay", "0.01")


def test_an_accepted_email_is_followed_by_a_delivery(ses: SimulatorClient, webhook: Any) -> None:
    message_id = send(ses)

    (event,) = events(webhook, 1)
    assert event["notificationType"] == "Delivery"
    assert event["mail"]["messageId"] == message_id
    assert event["mail"]["destination"] == event["delivery"]["recipients"] == [RECIPIENT]
    (message,) = ses.messages(reference=message_id)
    assert message["content"]["subject"] == "Hello"
    assert message["content"]["from"] == SENDER
    assert message["content"]["html"] == "<p>text</p>"


@pytest.mark.parametrize("version", ["1", "2"])
def test_notifications_are_signed_as_amazon_signs_them(start_simulator: Any, webhook: Any, version: str) -> None:
    ses = start_simulator("ses", "--receipts-url", webhook.url, "--signature-version", version)
    send(ses)

    (post,) = webhook.wait_for(1)
    message = json.loads(post.body)
    assert post.headers["content-type"] == "text/plain; charset=UTF-8"
    assert post.headers["x-amz-sns-message-type"] == message["Type"] == "Notification"
    assert message["SignatureVersion"] == version
    verify(message)
    with pytest.raises(InvalidSignature):
        verify(message | {"Message": message["Message"].replace("Delivery", "Bounce")})


def test_forged_receipts_do_not_verify(ses: SimulatorClient, webhook: Any) -> None:
    send(ses, "forged-receipt@simulator.notify")

    with pytest.raises(InvalidSignature):
        verify(json.loads(webhook.wait_for(1)[0].body))


def test_subscriptions_are_asked_for_and_confirmed(ses: SimulatorClient, webhook: Any) -> None:
    with urlopen(f"{ses.url}/_simulator/subscribe", data=b"", timeout=30):
        pass

    message = json.loads(webhook.wait_for(1)[0].body)
    assert message["Type"] == "SubscriptionConfirmation"
    verify(message)
    with urlopen(message["SubscribeURL"], timeout=30):
        pass
    with urlopen(f"{ses.url}/_simulator/subscription", timeout=30) as response:
        assert json.load(response) == {"confirmed": 1}


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("success@simulator.amazonses.com", [("Delivery", None)]),
        ("bounce+label@simulator.amazonses.com", [("Bounce", "Permanent")]),
        ("complaint@simulator.amazonses.com", [("Delivery", None), ("Complaint", None)]),
        ("temp-fail@simulator.notify", [("Bounce", "Transient")]),
        ("perm-fail@simulator.notify", [("Bounce", "Permanent")]),
        ("duplicate-receipts@simulator.notify", [("Delivery", None), ("Delivery", None)]),
        ("no-receipt@simulator.notify", []),
    ],
)
def test_the_address_decides_what_is_reported(
    ses: SimulatorClient, webhook: Any, address: str, told: list[tuple[str, str | None]]
) -> None:
    message_id = send(ses, address)
    send(ses)

    ours = [event for event in events(webhook, len(told) + 1) if event["mail"]["messageId"] == message_id]
    assert [(event["notificationType"], event.get("bounce", {}).get("bounceType")) for event in ours] == told


@pytest.mark.parametrize(
    ("behaviour", "code", "status"),
    [
        ("throttled", "TooManyRequestsException", 429),
        ("rejected", "MessageRejected", 400),
        ("fail", "InternalFailure", 500),
    ],
)
def test_refusals_are_amazons(ses: SimulatorClient, behaviour: str, code: str, status: int) -> None:
    ses.behave(RECIPIENT.upper(), behaviour, times=1)

    with pytest.raises(ClientError) as refusal:
        send(ses)
    assert refusal.value.response["Error"]["Code"] == code
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert send(ses)
    assert ses.counts()["accepted"] == 1


def test_the_connection_can_be_closed_instead_of_an_answer(ses: SimulatorClient) -> None:
    with pytest.raises(ConnectionClosedError):
        send(ses, "refuse@simulator.notify")

    assert ses.counts()["accepted"] == 0


def test_the_same_email_sent_twice_is_counted(ses: SimulatorClient) -> None:
    first, second = send(ses), send(ses)
    send(ses, subject="Another")

    assert first != second
    assert (ses.counts()["accepted"], ses.counts()["duplicates"]) == (3, 1)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"Destination":{"ToAddresses":[]}}'])
def test_what_is_no_email_is_refused(ses: SimulatorClient, body: bytes) -> None:
    from urllib.error import HTTPError

    with pytest.raises(HTTPError) as refusal, urlopen(f"{ses.url}/v2/email/outbound-emails", data=body):
        pass

    assert refusal.value.code == 400
    assert refusal.value.headers["x-amzn-errortype"] == "BadRequestException"
    refusal.value.close()


def test_with_an_upstream_moto_decides_what_is_accepted(start_simulator: Any, webhook: Any, tmp_path: Path) -> None:
    with EmbeddedAws(free_port(), tmp_path / "aws.log") as aws:
        ses = start_simulator("ses", "--upstream", aws.url, "--receipts-url", webhook.url)
        with pytest.raises(ClientError) as refusal:
            send(ses)
        assert refusal.value.response["Error"]["Code"] == "MessageRejected"

        client = ses_client(ses.url)
        client.create_email_identity(EmailIdentity="notify.example")
        assert "notify.example" in str(client.list_email_identities()["EmailIdentities"])
        client.close()
        message_id = send(ses)

    assert events(webhook, 1)[0]["mail"]["messageId"] == message_id
    assert ses.counts()["accepted"] == 1


def test_an_upstream_that_is_not_there_is_an_unavailable_service(start_simulator: Any) -> None:
    ses = start_simulator("ses", "--upstream", f"http://127.0.0.1:{free_port()}")

    with pytest.raises(ClientError) as refusal:
        send(ses)
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
