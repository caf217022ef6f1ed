"""The providers a new platform starts with."""

from __future__ import annotations

from notify_core.providers.model import Provider
from notify_core.vocabulary import Channel, ProviderName

DEFAULT_PROVIDERS: tuple[Provider, ...] = (
    Provider(
        name=ProviderName.MMG,
        channel=Channel.SMS,
        display_name="MMG",
        priority=51,
        supports_international=True,
    ),
    Provider(name=ProviderName.FIRETEXT, channel=Channel.SMS, display_name="Firetext", priority=49),
    Provider(name=ProviderName.SES, channel=Channel.EMAIL, display_name="AWS SES", priority=10),
    Provider(name=ProviderName.DVLA, channel=Channel.LETTER, display_name="DVLA", priority=50),
)
