"""What beat asks for every minute and every night, done by the real application in a real database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery import Celery

from notify_adapters.assembly import Platform, Role, assemble
from notify_adapters.settings import Settings, read_settings
from notify_core.vocabulary import ProviderName
from notify_worker.app import make_app
from notify_worker.beat import SCHEDULE, Entry
from tests.unit.test_settings import ENOUGH

FOR_WORKERS = {"MMG_API_KEY": "key", "FIRETEXT_API_KEY": "key"}


@pytest.fixture
def settings(postgres_url: str) -> Settings:
    return read_settings(ENOUGH | FOR_WORKERS | {"SQLALCHEMY_DATABASE_URI": postgres_url})


@pytest.fixture
def platform(settings: Settings) -> Iterator[Platform]:
    platform = assemble(settings, Role.WORKER)
    yield platform
    platform.close()


@pytest.fixture
def app(settings: Settings, platform: Platform) -> Iterator[Celery]:
    app = make_app(settings, lambda _settings, _role: platform)
    yield app
    app.close()


@pytest.mark.parametrize("entry", SCHEDULE, ids=lambda entry: entry.name)
def test_every_entry_of_the_schedule_can_be_done_and_done_again(app: Celery, entry: Entry) -> None:
    task = app.tasks[entry.task or entry.name]
    for _ in range(2):
        assert task.apply().state == "SUCCESS"


def test_a_minute_is_measured_under_the_name_that_operators_know(app: Celery, platform: Platform) -> None:
    app.tasks["generate-sms-delivery-stats"].apply(throw=True)

    [latest] = platform.notify.list_sms_delivery_statistics(minutes=2)[:1]
    assert {ProviderName.MMG, ProviderName.FIRETEXT} <= {figures.provider for figures in latest}
