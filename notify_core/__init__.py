"""Notify: send texts and emails for many services, and keep at it until they arrive.

What another Python project imports. `build` binds the use cases to ports of your own; `in_memory` from
`notify_adapters.memory` binds them to plain Python.
"""

from notify_core.api_keys.model import ApiKey
from notify_core.application import Notify, Options, Ports, build
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
from notify_core.notifications.find import Found
from notify_core.notifications.record_receipt import SmsReceipt
from notify_core.notifications.send import Accepted, EmailRequest, SmsRequest
from notify_core.notifications.status import Status
from notify_core.services.create import NewService
from notify_core.services.model import Permission, Service
from notify_core.templates.model import Template
from notify_core.templates.write import NewTemplate
from notify_core.vocabulary import Channel, KeyType, ProviderName

__all__ = [
    "Accepted",
    "ApiKey",
    "AuthenticationFailed",
    "Channel",
    "ConfigurationError",
    "Conflict",
    "EmailRequest",
    "Found",
    "InvalidContent",
    "InvalidRecipient",
    "KeyType",
    "LimitExceeded",
    "NewService",
    "NewTemplate",
    "NotAllowed",
    "NotFound",
    "Notify",
    "NotifyError",
    "Options",
    "Permission",
    "Ports",
    "ProviderName",
    "Service",
    "SmsReceipt",
    "SmsRequest",
    "Status",
    "Template",
    "build",
]
