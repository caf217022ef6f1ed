"""What an EventInbox lets in: the real one, against the SES simulator's signed notifications.

There is none in memory: who uses the library has no SNS posting to him.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler
from queue import SimpleQueue
from urllib.request import Request, urlopen
from uuid import UUID, uuid4

import pytest
from attrs import define, evolve, field, frozen

from notify_adapters.embedded import free_port
from notify_adapters.http import HttpClient
from notify_adapters.ses import SesProvider
from notify_adapters.simulators.client import SimulatorClient
from notify_adapters.simulators.sns import Identity, SignatureVersion, Topic
from notify_adapters.sns import SnsInbox
from notify_core.notifications.status import Status
from notify_core.providers.model import OutgoingEmail
from notify_core.providers.ports import EventInbox
from notify_core.providers.ses_events import EventUnverified, InvalidEvent, UntrustedEvent, parse_event
from tests.integration.http_server import reply, serving
from tests.integration.simulator import a_simulator

CERTIFICATE = "/_simulator/certificate.pem"
ARN = "arn:aws:sns:eu-west-1:123456789012:ses-notifications"


@define
class Web:
    """A server in this process: what it was asked, and what it answers by path (status, body)."""

    url: str = ""
    asked: SimpleQueue[tuple[str, bytes]] = field(factory=SimpleQueue)
    answers: dict[str, tuple[int, bytes]] = field(factory=dict)

    def paths(self) -> list[str]:
        return [self.asked.get()[0] for _ in range(self.asked.qsize())]


@contextmanager
def a_web() -> Iterator[Web]:
    def answer(request: BaseHTTPRequestHandler, body: bytes) -> None:
        started.asked.put((request.path, body))
        status, said = started.answers.get(request.path.partition("?")[0], (404, b""))
        reply(request, status, said, {"Location": said.decode()} if 300 <= status < 400 else None)

    started = Web()
    with serving(answer) as started.url:
        yield started


@pytest.fixture
def web() -> Iterator[Web]:
    with a_web() as running:
        yield running


@pytest.fixture(scope="session")
def identity() -> Identity:
    return Identity.make()


@pytest.fixture
def topic(web: Web, identity: Identity) -> Topic:
    """A topic whose certificate our own server has."""
    web.answers[CERTIFICATE] = (200, identity.certificate)
    web.answers["/_simulator/confirm"] = (200, b"<ConfirmSubscriptionResponse/>")
    return Topic(identity=identity, arn=ARN, own_url=web.url)


@pytest.fixture
def inbox(web: Web) -> SnsInbox:
    return SnsInbox(HttpClient(), (f"{web.url}{CERTIFICATE}",), (ARN,))


def posted(message: dict[str, str], **changes: object) -> bytes:
    return json.dumps(message | changes).encode()


@frozen
class Simulated:
    """The SES simulator in its own process, and the inbox behind the address it posts to."""

    client: SimulatorClient
    receiver: Web
    inbox: EventInbox

    def next_event(self) -> str | None:
        return self.inbox.open(self.receiver.asked.get(timeout=10)[1])


@pytest.fixture(scope="session", params=["1", "2"])
def simulated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    with ExitStack() as running:
        receiver = running.enter_context(a_web())
        receiver.answers["/receipts"] = (200, b"")
        options = ("--receipts-url", f"{receiver.url}/receipts", "--signature-version", request.param)
        client = running.enter_context(a_simulator("ses", *options, logs=tmp_path_factory.mktemp("ses")))
        environment = running.enter_context(pytest.MonkeyPatch.context())
        environment.setenv("AWS_ACCESS_KEY_ID", "embedded")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "embedded")
        yield Simulated(client, receiver, SnsInbox(HttpClient(), (f"{client.url}/_simulator/",), (ARN,)))


def send_email_through(simulated: Simulated, recipient: str, ours: UUID | None = None) -> str:
    return SesProvider("eu-west-1", simulated.client.url).send(
        OutgoingEmail(
            reference=ours or uuid4(),
            recipient=recipient,
            sender_name="Passports",
            sender_address="passports@notify.example",
            subject="Pasbort – £5",
            text="Dŵr",
            html="<p>Dŵr</p>",
        )
    )


def test_a_delivery_that_the_simulator_reports_is_opened_and_names_the_email(simulated: Simulated) -> None:
    ours = uuid4()
    reference = send_email_through(simulated, "someone@example.com", ours)
    event = parse_event(simulated.next_event() or "")
    assert (event.reference, event.status, event.notification_id) == (reference, Status.DELIVERED, ours)


def test_a_receipt_signed_by_somebody_else_is_not_trusted(simulated: Simulated) -> None:
    send_email_through(simulated, "forged-receipt@simulator.notify")
    with pytest.raises(UntrustedEvent):
        simulated.next_event()


def test_a_subscription_of_the_simulator_is_confirmed(simulated: Simulated) -> None:
    def confirmed() -> int:
        with urlopen(f"{simulated.client.url}/_simulator/subscription") as answer:
            return int(json.load(answer)["confirmed"])

    before = confirmed()
    urlopen(Request(f"{simulated.client.url}/_simulator/subscribe", method="POST")).close()
    assert simulated.next_event() is None
    assert confirmed() == before + 1


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_signed_notification_is_opened_as_often_as_it_comes(
    inbox: SnsInbox, topic: Topic, version: SignatureVersion
) -> None:
    body = posted(evolve(topic, version=version).notification('{"text": "dŵr 📩"}'))
    assert [inbox.open(body) for _ in range(3)] == ['{"text": "dŵr 📩"}'] * 3


def test_a_certificate_is_fetched_once(inbox: SnsInbox, topic: Topic, web: Web) -> None:
    for number in range(5):
        inbox.open(posted(topic.notification(str(number))))
    assert web.paths() == [CERTIFICATE]


def test_the_spelling_that_lambdas_get_will_do_too(inbox: SnsInbox, topic: Topic) -> None:
    message = topic.notification("text")
    message["SigningCertUrl"] = message.pop("SigningCertURL")
    assert inbox.open(posted(message)) == "text"


@pytest.mark.parametrize("name", ["Message", "MessageId", "Timestamp", "TopicArn"])
def test_what_was_tampered_with_is_not_trusted(inbox: SnsInbox, topic: Topic, name: str) -> None:
    message = topic.notification("text")
    with pytest.raises(UntrustedEvent):
        inbox.open(posted(message, **{name: message[name] + "x"}))


def test_a_subject_that_was_not_signed_is_not_trusted(inbox: SnsInbox, topic: Topic) -> None:
    with pytest.raises(UntrustedEvent):
        inbox.open(posted(topic.notification("text"), Subject="x"))


@pytest.mark.parametrize("name", ["Signature", "SignatureVersion", "SigningCertURL", "MessageId"])
def test_without_a_field_it_is_not_trusted(inbox: SnsInbox, topic: Topic, name: str) -> None:
    message = topic.notification("text")
    del message[name]
    with pytest.raises(UntrustedEvent):
        inbox.open(posted(message))


@pytest.mark.parametrize("signature", ["", "x", "AAAA", "ŵ", 7, None])
def test_a_nonsensical_signature_is_not_trusted(inbox: SnsInbox, topic: Topic, signature: object) -> None:
    with pytest.raises(UntrustedEvent):
        inbox.open(posted(topic.notification("text"), Signature=signature))


def test_a_version_other_than_the_signatures_is_not_trusted(inbox: SnsInbox, topic: Topic) -> None:
    for version in ("2", "3"):
        with pytest.raises(UntrustedEvent):
            inbox.open(posted(topic.notification("text"), SignatureVersion=version))


def test_another_key_is_not_trusted(inbox: SnsInbox, topic: Topic) -> None:
    with pytest.raises(UntrustedEvent):
        inbox.open(posted(topic.notification("text", forged=True)))


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-1.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-1.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-1.pem",
        "https://sns.eu-west-1.amazonaws.com/a/../b.pem",
        "https://sns.eu-west-1.amazonaws.com/?x=.pem",
        "https://sns.eu-west-1.amazonaws.com/x.pem?y",
        "https://sns.eu-west-1.amazonaws.com/x.txt",
        "https://evil.sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.evil.amazonaws.com/x.pem",
        "https://bucket.s3.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com\\@evil.example/x.pem",
        "https://sns.eu-west-1.amazonaws.com\n/x.pem",
        "file:///etc/passwd",
        "http://[::1/x.pem",
        "http://169.254.169.254/x.pem",
        "nonsense",
    ],
)
def test_a_certificate_from_elsewhere_is_not_even_fetched(inbox: SnsInbox, topic: Topic, url: str) -> None:
    with pytest.raises(UntrustedEvent, match="not Amazon's"):
        inbox.open(posted(topic.notification("text"), SigningCertURL=url))


def test_a_prefix_allows_its_own_server_only(web: Web, topic: Topic) -> None:
    inbox = SnsInbox(HttpClient(), (web.url[:-1], web.url.replace("http", "https"), f"{web.url}/elsewhere/"), (ARN,))
    with pytest.raises(UntrustedEvent, match="not Amazon's"):
        inbox.open(posted(topic.notification("text")))
    assert web.paths() == []


def test_redirects_are_not_followed(web: Web, topic: Topic, inbox: SnsInbox) -> None:
    web.answers["/elsewhere.pem"] = web.answers[CERTIFICATE]
    web.answers[CERTIFICATE] = (302, f"{web.url}/elsewhere.pem".encode())
    with pytest.raises(UntrustedEvent):
        inbox.open(posted(topic.notification("text")))
    assert web.paths() == [CERTIFICATE]


@pytest.mark.parametrize("answer", [(404, b""), (200, b""), (200, b"<html>"), (200, b"x" * 2_000_000)])
def test_what_is_no_certificate_is_not_trusted(
    web: Web, topic: Topic, inbox: SnsInbox, answer: tuple[int, bytes]
) -> None:
    web.answers[CERTIFICATE] = answer
    with pytest.raises(UntrustedEvent):
        inbox.open(posted(topic.notification("text")))


def test_a_certificate_that_cannot_be_fetched_now_leaves_the_question_open(
    web: Web, topic: Topic, inbox: SnsInbox
) -> None:
    good, web.answers[CERTIFICATE] = web.answers[CERTIFICATE], (503, b"")
    body = posted(topic.notification("text"))
    with pytest.raises(EventUnverified):
        inbox.open(body)
    web.answers[CERTIFICATE] = good
    assert inbox.open(body) == "text"

    absent = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(EventUnverified):
        SnsInbox(HttpClient(), (absent,), (ARN,)).open(posted(evolve(topic, own_url=absent).notification("text")))


def test_a_topic_of_somebody_else_is_not_trusted_where_ours_are_named(web: Web, topic: Topic) -> None:
    inbox = SnsInbox(HttpClient(), (web.url,), (ARN,))
    assert inbox.open(posted(topic.notification("text"))) == "text"
    strange = evolve(topic, arn="arn:aws:sns:eu-west-1:999999999999:evil")
    for message in (strange.notification("text"), strange.subscription_confirmation("token")):
        with pytest.raises(UntrustedEvent):
            inbox.open(posted(message))
    assert web.paths() == [CERTIFICATE]


def test_a_subscription_is_confirmed_where_it_says(web: Web, topic: Topic, inbox: SnsInbox) -> None:
    assert inbox.open(posted(topic.subscription_confirmation("token"))) is None
    assert web.paths() == [CERTIFICATE, f"/_simulator/confirm?Token=token&TopicArn={ARN}"]


def test_a_subscription_that_is_forged_or_elsewhere_is_not_confirmed(
    web: Web, topic: Topic, inbox: SnsInbox, identity: Identity
) -> None:
    message = topic.subscription_confirmation("token")
    with pytest.raises(UntrustedEvent):
        inbox.open(posted(message, Token="other"))
    for url in ("http://169.254.169.254/", "https://evil.example/", f"{web.url}1/", "file:///etc/passwd"):
        elsewhere = message | {"SubscribeURL": url}
        with pytest.raises(UntrustedEvent):
            inbox.open(posted(elsewhere, Signature=identity.sign(elsewhere, "1")))
    assert web.paths() == [CERTIFICATE]


def test_a_confirmation_that_fails_leaves_the_question_open(web: Web, topic: Topic, inbox: SnsInbox) -> None:
    web.answers["/_simulator/confirm"] = (500, b"")
    with pytest.raises(EventUnverified):
        inbox.open(posted(topic.subscription_confirmation("token")))


def test_the_end_of_a_subscription_is_left_at_that(
    web: Web, topic: Topic, inbox: SnsInbox, identity: Identity
) -> None:
    message = topic.subscription_confirmation("token") | {"Type": "UnsubscribeConfirmation"}
    assert inbox.open(posted(message, Signature=identity.sign(message, "1"))) is None
    assert web.paths() == [CERTIFICATE]


@pytest.mark.parametrize("body", [b"", b"nonsense", b"\xff", b"[]", b"1", b'"text"', b"[" * 100_000])
def test_what_is_not_a_json_object_is_invalid(inbox: SnsInbox, body: bytes) -> None:
    with pytest.raises(InvalidEvent, match=r"^SES callback failed: invalid json$"):
        inbox.open(body)


@pytest.mark.parametrize("message", [{}, {"Message": ""}, {"Message": None}, {"Message": {"a": 1}}])
def test_without_a_message_it_is_invalid(inbox: SnsInbox, message: dict[str, object]) -> None:
    with pytest.raises(InvalidEvent, match=r"^SES callback failed: Message missing$"):
        inbox.open(json.dumps({"Type": "Notification"} | message).encode())


@pytest.mark.parametrize("kind", [None, "", "Rumour", 1])
def test_a_type_that_sns_does_not_send_is_invalid(inbox: SnsInbox, topic: Topic, kind: object) -> None:
    with pytest.raises(InvalidEvent):
        inbox.open(posted(topic.notification("text"), Type=kind))


def test_lone_surrogates_do_no_harm(inbox: SnsInbox, topic: Topic) -> None:
    body = posted(topic.notification("text")).replace(b'"text"', b'"\\ud800"')
    with pytest.raises(UntrustedEvent):
        inbox.open(body)
