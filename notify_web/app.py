"""The web shell on the real platform."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from itertools import product

from litestar.types import ASGIApp

from notify_adapters.assembly import Platform, Role, assemble
from notify_adapters.settings import Settings, read_settings
from notify_core.vocabulary import ProviderName
from notify_web.ports import WebOptions, WebPorts
from notify_web.shell import build_app

# The only one that Firetext knows.
_FIRETEXT_USERNAMES = ("notify",)


def create_app(assemble: Callable[[Settings, Role], Platform] = assemble) -> ASGIApp:
    """Build the app that the environment describes. Raises ConfigurationError."""
    settings = read_settings(os.environ)
    platform = assemble(settings, Role.WEB)
    app = build_app(ports_from(platform), close=platform.close)
    # What is loaded by now stays for good: it is not to be looked through for garbage again and again.
    gc.freeze()
    return app


def ports_from(platform: Platform) -> WebPorts:
    """Take from the platform what the web shell needs."""
    return WebPorts(
        notify=platform.notify,
        events=platform.event_inbox(),
        health=platform.health,
        clock=platform.notify.admit.clock,
        options=_options(platform.settings),
    )


def _options(settings: Settings) -> WebOptions:
    credentials = {
        ProviderName.MMG: settings.mmg_receipt_credentials,
        ProviderName.FIRETEXT: settings.firetext_receipt_credentials,
    }
    return WebOptions(
        public_url=settings.api_host_name,
        receipt_credentials={name: pair for name, pair in credentials.items() if pair is not None},
        inbound_credentials={
            ProviderName.MMG: tuple(product(settings.mmg_inbound_usernames, settings.mmg_inbound_passwords)),
            ProviderName.FIRETEXT: tuple(product(_FIRETEXT_USERNAMES, settings.firetext_inbound_passwords)),
        },
        internal_clients=settings.internal_clients,
        threads=settings.web_threads,
        git_commit=settings.git_commit,
        build_time=settings.build_time,
    )
