from __future__ import annotations

import pytest

from notify_core.providers.defaults import DEFAULT_PROVIDERS
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel


@pytest.mark.parametrize("channel", list(Channel))
def test_a_new_platform_has_the_default_providers(database: Database, channel: Channel) -> None:
    expected = [provider for provider in DEFAULT_PROVIDERS if provider.channel is channel]
    with database.statement() as work:
        assert work.providers.list_for(channel) == sorted(expected, key=lambda provider: provider.name)
