"""What every SmsProvider does: the one in memory, and the real ones against simulators of their providers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from uuid import UUID, uuid4

import pytest
from attrs import frozen

from notify_adapters.firetext import FiretextProvider
from notify_adapters.http import HttpClient
from notify_adapters.memory import MemorySmsProvider
from notify_adapters.mmg import MmgProvider
from notify_adapters.simulators.client import SimulatorClient
from notify_core.providers.model import OutgoingSms, ProviderFailed
from notify_core.providers.ports import SmsProvider
from tests.integration.simulator import a_simulator

RECIPIENT = "447700900123"
TEXT = "Ŵyth o €5 & 20% + mwy: [{}] ~ \\ \n ‘dyfynnu’ 📩"


@frozen
class Carrier:
    """A provider, what reached the other side as (reference, recipient, text, sender), and how to break it."""

    provider: SmsProvider
    accepted: Callable[[UUID], list[tuple[str, str, str, str]]]
    fail_once: Callable[[str], None]


def in_memory() -> Carrier:
    provider = MemorySmsProvider()

    def accepted(reference: UUID) -> list[tuple[str, str, str, str]]:
        return [
            (str(sms.reference), sms.recipient, sms.text, sms.sender)
            for sms in provider.sent
            if sms.reference == reference
        ]

    return Carrier(provider, accepted, lambda _: provider.failures.append(ProviderFailed("no")))


def simulated(provider: SmsProvider, url: str, names: tuple[str, str, str]) -> Carrier:
    simulator = SimulatorClient(url)

    def accepted(reference: UUID) -> list[tuple[str, str, str, str]]:
        found = simulator.messages(reference=str(reference))
        return [(sms["reference"], *(sms["content"][name] for name in names)) for sms in found]

    return Carrier(provider, accepted, lambda recipient: simulator.behave(recipient, "fail", times=1))


@pytest.fixture(scope="session")
def start_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Start a simulator, once for all tests: `start_simulator("mmg", "--api-key", "secret")` returns its URL."""
    logs = tmp_path_factory.mktemp("simulators")
    with ExitStack() as running:
        yield lambda name, *options: running.enter_context(a_simulator(name, *options, logs=logs)).url


@pytest.fixture(scope="session")
def mmg(start_simulator: Callable[..., str]) -> Carrier:
    url = start_simulator("mmg", "--api-key", "secret")
    provider = MmgProvider(HttpClient(), f"{url}/jsonv2a/api.php", "secret")
    return simulated(provider, url, ("MSISDN", "msg", "sender"))


@pytest.fixture(scope="session")
def firetext(start_simulator: Callable[..., str]) -> Carrier:
    url = start_simulator("firetext", "--api-key", "secret", "--international-api-key", "abroad")
    provider = FiretextProvider(HttpClient(), f"{url}/api/sendsms/json", "secret", "abroad")
    return simulated(provider, url, ("to", "message", "from"))


@pytest.fixture(params=["memory", "mmg", "firetext"])
def carrier(request: pytest.FixtureRequest) -> Carrier:
    if request.param == "memory":
        return in_memory()
    found: Carrier = request.getfixturevalue(request.param)
    return found


def text_to(recipient: str = RECIPIENT, *, international: bool = False) -> OutgoingSms:
    return OutgoingSms(reference=uuid4(), recipient=recipient, text=TEXT, sender="GOVUK", international=international)


def test_a_text_reaches_the_provider_once_and_unchanged(carrier: Carrier) -> None:
    sms = text_to()
    carrier.provider.send(sms)
    assert carrier.accepted(sms.reference) == [(str(sms.reference), RECIPIENT, TEXT, "GOVUK")]


def test_a_text_abroad_reaches_the_provider(carrier: Carrier) -> None:
    sms = text_to("33612345678", international=True)
    carrier.provider.send(sms)
    assert carrier.accepted(sms.reference) == [(str(sms.reference), "33612345678", TEXT, "GOVUK")]


def test_a_failure_is_reported_not_repeated_and_over_with_the_next_attempt(carrier: Carrier) -> None:
    sms = text_to(f"4477009{uuid4().int % 100_000:05}")
    carrier.fail_once(sms.recipient)
    with pytest.raises(ProviderFailed):
        carrier.provider.send(sms)
    assert carrier.accepted(sms.reference) == []
    carrier.provider.send(sms)
    assert len(carrier.accepted(sms.reference)) == 1


def test_a_failure_tells_nothing_about_the_message(carrier: Carrier) -> None:
    sms = text_to("447700955123")
    carrier.fail_once(sms.recipient)
    with pytest.raises(ProviderFailed) as caught:
        carrier.provider.send(sms)
    assert sms.recipient not in repr(caught.value)
    assert caught.value.__cause__ is None


def test_texts_from_many_threads_each_arrive_once(carrier: Carrier) -> None:
    texts = [text_to() for _ in range(100)]
    with ThreadPoolExecutor(25) as threads:
        list(threads.map(carrier.provider.send, texts))
    assert [len(carrier.accepted(sms.reference)) for sms in texts] == [1] * 100
