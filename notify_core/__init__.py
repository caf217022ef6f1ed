"""Notify: send texts and emails for many services, and keep at it until they arrive.

What another Python project imports. `build` binds the use cases to ports of your own; `in_memory` from
`notify_adapters.memory` binds them to plain Python.

Names are looked up when they are first used, so that a process that needs one small module of the core does
not load all of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from notify_core.api_keys.model import ApiKey
    from notify_core.application import Notify, Options, Ports, build
    from notify_core.bulk.model import BulkRequest, BulkRow, SentBulk
    from notify_core.errors import (
        AuthenticationFailed,
        ConfigurationError,
        Conflict,
        InvalidContent,
        InvalidRecipient,
        LimitExceeded,
        NotAllowed,
        NotFound,
        NotifyError,
    )
    from notify_core.jobs.create import NewJob
    from notify_core.jobs.model import Job, JobStatus
    from notify_core.notifications.find import Found
    from notify_core.notifications.prepare import EmailRequest, SmsRequest
    from notify_core.notifications.record_receipt import SmsReceipt
    from notify_core.notifications.send import Accepted
    from notify_core.notifications.status import Status
    from notify_core.providers.set import ProviderChange
    from notify_core.services.create import NewService
    from notify_core.services.model import Permission, Service
    from notify_core.templates.model import Template
    from notify_core.templates.write import NewTemplate
    from notify_core.vocabulary import Channel, KeyType, ProviderName
    from notify_core.worlds.model import World
    from notify_core.worlds.read import InvalidWorld, read_world

_HOMES = {
    "api_keys.model": ("ApiKey",),
    "application": ("Notify", "Options", "Ports", "build"),
    "bulk.model": ("BulkRequest", "BulkRow", "SentBulk"),
    "errors": (
        "AuthenticationFailed",
        "ConfigurationError",
        "Conflict",
        "InvalidContent",
        "InvalidRecipient",
        "LimitExceeded",
        "NotAllowed",
        "NotFound",
        "NotifyError",
    ),
    "jobs.create": ("NewJob",),
    "jobs.model": ("Job", "JobStatus"),
    "notifications.find": ("Found",),
    "notifications.record_receipt": ("SmsReceipt",),
    "notifications.prepare": ("EmailRequest", "SmsRequest"),
    "notifications.send": ("Accepted",),
    "notifications.status": ("Status",),
    "providers.set": ("ProviderChange",),
    "services.create": ("NewService",),
    "services.model": ("Permission", "Service"),
    "templates.model": ("Template",),
    "templates.write": ("NewTemplate",),
    "vocabulary": ("Channel", "KeyType", "ProviderName"),
    "worlds.model": ("World",),
    "worlds.read": ("InvalidWorld", "read_world"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Accepted",
    "ApiKey",
    "AuthenticationFailed",
    "BulkRequest",
    "BulkRow",
    "Channel",
    "ConfigurationError",
    "Conflict",
    "EmailRequest",
    "Found",
    "InvalidContent",
    "InvalidRecipient",
    "InvalidWorld",
    "Job",
    "JobStatus",
    "KeyType",
    "LimitExceeded",
    "NewJob",
    "NewService",
    "NewTemplate",
    "NotAllowed",
    "NotFound",
    "Notify",
    "NotifyError",
    "Options",
    "Permission",
    "Ports",
    "ProviderChange",
    "ProviderName",
    "SentBulk",
    "Service",
    "SmsReceipt",
    "SmsRequest",
    "Status",
    "Template",
    "World",
    "build",
    "read_world",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
