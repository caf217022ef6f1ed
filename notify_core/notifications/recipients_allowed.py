"""Who may be written to, and who only seems to be."""

from __future__ import annotations

from notify_core.api_keys.model import ApiKey
from notify_core.errors import NotAllowed
from notify_core.services.model import Service
from notify_core.vocabulary import KeyType

TRIAL_MODE_PAGE = "https://www.notifications.service.gov.uk/trial-mode"

_SIMULATED = frozenset(
    {
        "447700900000",
        "447700900111",
        "447700900222",
        "simulate-delivered@notifications.service.gov.uk",
        "simulate-delivered-2@notifications.service.gov.uk",
        "simulate-delivered-3@notifications.service.gov.uk",
    }
)


def is_simulated(normalised_recipient: str) -> bool:
    """Whether messages to this recipient are accepted, and then neither stored nor sent.

    >>> is_simulated("447700900000"), is_simulated("447700900123")
    (True, False)
    """
    return normalised_recipient in _SIMULATED


def check_recipient_allowed(service: Service, key: ApiKey, normalised_recipient: str) -> None:
    """Raise NotAllowed when this key of this service may not write to the recipient.

    A test key may name anyone, a live service's normal key may write to anyone; everyone else only to the
    team and the guest list.
    """
    if key.key_type is KeyType.TEST:
        return
    if key.key_type is KeyType.NORMAL and not service.restricted:
        return
    if normalised_recipient in service.guest_list or normalised_recipient in service.team:
        return
    if key.key_type is KeyType.TEAM:
        raise NotAllowed("Can’t send to this recipient using a team-only API key")
    raise NotAllowed(f"Can’t send to this recipient when service is in trial mode – see {TRIAL_MODE_PAGE}")
