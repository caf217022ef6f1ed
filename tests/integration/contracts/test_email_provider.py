"""What every EmailProvider does: the one in memory, and SES against its simulator in front of moto."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from attrs import evolve, frozen

from notify_adapters.embedded import EmbeddedAws, free_port
from notify_adapters.memory import MemoryEmailProvider
from notify_adapters.ses import SesProvider
from notify_adapters.simulators.client import SimulatorClient
from notify_core.errors import NotifyError
from notify_core.providers.model import OutgoingEmail, ProviderRefused, ProviderThrottled, ProviderUnwell
from notify_core.providers.ports import EmailProvider
from tests.integration.simulator import a_simulator

DOMAIN = "notify.example"


@frozen
class Carrier:
    """A provider, the (subject, text, html) that arrived under an id, and how to break it for one recipient."""

    provider: EmailProvider
    accepted: Callable[[str], list[tuple[str, str, str]]]
    fail_once: Callable[[str, type[NotifyError]], None]


def in_memory() -> Carrier:
    provider = MemoryEmailProvider()
    by_id: dict[str, OutgoingEmail] = {}

    @frozen
    class Remembering:
        def send(self, message: OutgoingEmail) -> str:
            reference = provider.send(message)
            by_id[reference] = message
            return reference

    def accepted(reference: str) -> list[tuple[str, str, str]]:
        found = by_id.get(reference)
        return [(found.subject, found.text, found.html)] if found else []

    def fail_once(_: str, failure: type[NotifyError]) -> None:
        provider.failures.append(failure("no"))

    return Carrier(Remembering(), accepted, fail_once)


@pytest.fixture(scope="session")
def ses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Carrier]:
    logs = tmp_path_factory.mktemp("ses")
    with EmbeddedAws(free_port(), logs / "moto.log") as aws, pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "embedded")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "embedded")
        aws.verify_email_identity(DOMAIN)
        with a_simulator("ses", "--upstream", aws.url, logs=logs) as simulator:
            yield simulated(SesProvider("eu-west-1", simulator.url), simulator)


def simulated(provider: EmailProvider, simulator: SimulatorClient) -> Carrier:
    behaviours = {ProviderUnwell: "fail", ProviderThrottled: "throttled", ProviderRefused: "rejected"}

    def accepted(reference: str) -> list[tuple[str, str, str]]:
        found = simulator.messages(reference=reference)
        return [tuple(email["content"][name] for name in ("subject", "text", "html")) for email in found]

    def fail_once(recipient: str, failure: type[NotifyError]) -> None:
        simulator.behave(recipient, behaviours[failure], times=1)

    return Carrier(provider, accepted, fail_once)


@pytest.fixture(params=["memory", "ses"])
def carrier(request: pytest.FixtureRequest) -> Carrier:
    return in_memory() if request.param == "memory" else request.getfixturevalue("ses")


def an_email() -> OutgoingEmail:
    return OutgoingEmail(
        reference=uuid4(),
        recipient=f"{uuid4()}@example.com",
        sender_name="Passport Office",
        sender_address=f"passports@{DOMAIN}",
        reply_to="reply@example.com",
        subject="Eich pasbort – ‘wedi ei anfon’",
        text="Helo\nÂ £5",
        html="<p>Helo</p>",
        one_click_unsubscribe_url="https://example.com/unsubscribe/1",
    )


def test_an_email_reaches_the_provider_under_the_id_that_is_returned(carrier: Carrier) -> None:
    email = an_email()
    reference = carrier.provider.send(email)
    assert carrier.accepted(reference) == [(email.subject, email.text, email.html)]


def test_the_same_email_twice_is_two_emails_with_ids_of_their_own(carrier: Carrier) -> None:
    email = an_email()
    assert carrier.provider.send(email) != carrier.provider.send(email)


def test_an_email_needs_neither_reply_to_nor_unsubscribing(carrier: Carrier) -> None:
    email = evolve(an_email(), reply_to=None, one_click_unsubscribe_url=None)
    assert carrier.accepted(carrier.provider.send(email)) == [(email.subject, email.text, email.html)]


@pytest.mark.parametrize("failure", [ProviderUnwell, ProviderThrottled, ProviderRefused])
def test_a_failure_is_of_its_kind_tells_nothing_and_is_over_next_time(
    carrier: Carrier, failure: type[NotifyError]
) -> None:
    email = an_email()
    carrier.fail_once(email.recipient, failure)
    with pytest.raises(NotifyError) as caught:
        carrier.provider.send(email)
    assert type(caught.value) is failure
    assert email.recipient not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert len(carrier.accepted(carrier.provider.send(email))) == 1


def test_emails_from_many_threads_get_different_ids(carrier: Carrier) -> None:
    with ThreadPoolExecutor(10) as threads:
        references = list(threads.map(carrier.provider.send, [an_email() for _ in range(40)]))
    assert len(set(references)) == 40
