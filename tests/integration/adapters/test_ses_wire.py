"""SES: the very request, and what each answer means."""

from __future__ import annotations

import json
import multiprocessing
import os
from email.header import decode_header, make_header
from email.utils import parseaddr
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve

from notify_adapters.embedded import free_port
from notify_adapters.ses import SesProvider
from notify_adapters.ses.addresses import mailbox
from notify_core.errors import NotifyError
from notify_core.providers.model import (
    OutgoingEmail,
    ProviderFailed,
    ProviderRefused,
    ProviderSilent,
    ProviderThrottled,
    ProviderUnreachable,
    ProviderUnwell,
    QuotaSpent,
)

EMAIL = OutgoingEmail(
    reference=UUID("0190b2c3-0000-7000-8000-000000000001"),
    recipient="someone@example.com",
    sender_name="Passport Office",
    sender_address="passport.office@notify.example",
    subject="Pasbort – £5",
    text="Dŵr",
    html="<p>Dŵr</p>",
)

OUR_ID = {"Name": "X-Notify-Notification-Id", "Value": "0190b2c3-0000-7000-8000-000000000001"}


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "embedded")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "embedded")


@pytest.fixture
def ses(told: Any) -> SesProvider:
    told.answer(200, b'{"MessageId": "id-1"}')
    return SesProvider("eu-west-1", told.url)


def error(told: Any, status: int, code: str, message: str) -> None:
    told.answer(status, json.dumps({"message": message}).encode(), **{"x-amzn-ErrorType": code})


def test_ses_is_asked_for_simple_content_and_nothing_more(told: Any, ses: SesProvider) -> None:
    assert ses.send(EMAIL) == "id-1"
    (asked,) = told.asked
    assert (asked.method, asked.path) == ("POST", "/v2/email/outbound-emails")
    assert json.loads(asked.body) == {
        "FromEmailAddress": '"Passport Office" <passport.office@notify.example>',
        "Destination": {"ToAddresses": ["someone@example.com"], "CcAddresses": [], "BccAddresses": []},
        "ReplyToAddresses": [],
        "Content": {
            "Simple": {
                "Subject": {"Data": "Pasbort – £5"},
                "Body": {"Text": {"Data": "Dŵr"}, "Html": {"Data": "<p>Dŵr</p>"}},
                "Headers": [OUR_ID],
            }
        },
        "EmailTags": [{"Name": "notification-id", "Value": "0190b2c3-0000-7000-8000-000000000001"}],
    }


def test_unsubscribing_with_one_click_and_replies(told: Any, ses: SesProvider) -> None:
    ses.send(evolve(EMAIL, reply_to="r@bååååår.com", one_click_unsubscribe_url="https://example.com/u?1"))
    asked = json.loads(told.asked[0].body)
    assert asked["ReplyToAddresses"] == ["r@xn--br-yiaaaaa.com"]
    assert asked["Content"]["Simple"]["Headers"] == [
        OUR_ID,
        {"Name": "List-Unsubscribe", "Value": "<https://example.com/u?1>"},
        {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
    ]


def test_a_domain_is_written_in_ascii_and_a_local_part_as_it_is(told: Any, ses: SesProvider) -> None:
    ses.send(evolve(EMAIL, recipient="føøøø@bååååår.com"))
    assert json.loads(told.asked[0].body)["Destination"]["ToAddresses"] == ["føøøø@xn--br-yiaaaaa.com"]


@pytest.mark.parametrize("recipient", ["a@" + "ŵ" * 64 + ".com", "a@ŵ..com", "a@\ud800.com"])
def test_a_domain_that_cannot_be_written_in_ascii_is_refused(told: Any, ses: SesProvider, recipient: str) -> None:
    with pytest.raises(ProviderRefused):
        ses.send(evolve(EMAIL, recipient=recipient))
    assert told.asked == []


@pytest.mark.parametrize(
    "name",
    [
        "Passport Office",
        'The "Passport" Office',
        "Back\\slash",
        "Swyddfa’r Dŵr",
        "Comma, and <angles> @ (all)",
        "Ŵ" * 143,
        "a" * 80 + " ŵ",
        "Emoji 📩 office",
    ],
)
def test_a_sender_reads_back_as_the_name_it_was(name: str) -> None:
    written = mailbox(name, "office@notify.example")
    assert written.isascii()
    assert "\n" not in written
    assert all(len(word) <= 75 for word in written.split(" ")) or name.isascii()
    # Not the parser of `email.policy.default`, which puts a space between two encoded words of a name.
    display_name, address = parseaddr(written)
    assert (str(make_header(decode_header(display_name))), address) == (name, "office@notify.example")


def test_line_ends_in_a_name_begin_no_new_header() -> None:
    assert mailbox("A\r\nBcc: x@y.z\0", "o@n.example") == '"A Bcc: x@y.z " <o@n.example>'
    assert "\n" not in mailbox("Ŵ\r\nBcc: x@y.z", "o@n.example")


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "InvalidParameterValue", ProviderRefused),
        (400, "BadRequestException", ProviderRefused),
        (400, "MessageRejected", ProviderRefused),
        (404, "NotFoundException", ProviderRefused),
        (429, "TooManyRequestsException", ProviderThrottled),
        (400, "LimitExceededException", ProviderThrottled),
        (400, "ThrottlingException", ProviderThrottled),
        (429, "Whatever", ProviderThrottled),
        (400, "AccountSuspendedException", ProviderFailed),
        (400, "MailFromDomainNotVerifiedException", ProviderFailed),
        (400, "SendingPausedException", ProviderFailed),
        (403, "AccessDeniedException", ProviderFailed),
        (403, "ExpiredTokenException", ProviderFailed),
        (500, "InternalFailure", ProviderUnwell),
        (503, "ServiceUnavailable", ProviderUnwell),
    ],
)
def test_what_an_error_means(
    told: Any, ses: SesProvider, status: int, code: str, expected: type[NotifyError]
) -> None:
    error(told, status, code, "Illegal address someone@example.com, 'someone' or <x>")
    with pytest.raises(NotifyError) as caught:
        ses.send(EMAIL)
    assert type(caught.value) is expected
    assert code in str(caught.value)
    assert "someone" not in repr(caught.value)
    assert len(told.asked) == 1  # botocore did not try again


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"", b"[]", b'{"MessageId": ""}', b'{"MessageId": 7}', b"\xff"])
def test_an_answer_without_an_id_is_a_failure(told: Any, ses: SesProvider, body: bytes) -> None:
    told.answer(200, body)
    with pytest.raises(ProviderSilent):
        ses.send(EMAIL)


def test_a_quota_of_a_day_is_told_from_a_rate(told: Any, ses: SesProvider) -> None:
    error(told, 400, "LimitExceededException", "Daily message quota exceeded.")
    with pytest.raises(QuotaSpent):
        ses.send(EMAIL)


def test_an_ses_that_hangs_up_is_silent_and_one_that_is_not_there_is_unreachable(told: Any, ses: SesProvider) -> None:
    told.answer(0)
    with pytest.raises(ProviderSilent):
        ses.send(EMAIL)
    assert len(told.asked) == 1
    with pytest.raises(ProviderUnreachable):
        SesProvider("eu-west-1", f"http://127.0.0.1:{free_port()}").send(EMAIL)


def test_an_ses_without_credentials_is_a_failure(
    told: Any, ses: SesProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(ProviderFailed):
        ses.send(EMAIL)


def test_letters_that_cannot_be_written_do_no_harm(told: Any, ses: SesProvider) -> None:
    ses.send(evolve(EMAIL, subject="\ud83d", sender_name="\ud83d"))
    assert json.loads(told.asked[0].body)["FromEmailAddress"].startswith('"?"')


def _send(ses: SesProvider, results: Any) -> None:
    results.put(ses.send(EMAIL))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_has_its_own_client(told: Any, ses: SesProvider) -> None:
    ses.send(EMAIL)
    fork = multiprocessing.get_context("fork")
    results = fork.SimpleQueue()
    child = fork.Process(target=_send, args=(ses, results))
    child.start()
    assert results.get() == "id-1"
    child.join()
    ses.send(EMAIL)
    first, forked, last = (asked.client_port for asked in told.asked)
    assert first == last != forked
