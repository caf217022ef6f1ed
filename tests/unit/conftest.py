"""A platform in memory whose clock stands still, with a service to send for."""

from __future__ import annotations

import random
from typing import Any
from uuid import UUID

import pytest
from attrs import frozen

from notify_adapters.memory import FixedClock, MemoryPlatform, SequentialIds, in_memory
from notify_core.api_keys.model import ApiKey
from notify_core.notifications.prepare import EmailRequest, SmsRequest
from notify_core.notifications.send import Accepted
from notify_core.services.create import NewService
from notify_core.services.model import Service
from notify_core.templates.model import Template
from notify_core.templates.write import NewTemplate
from notify_core.vocabulary import Channel, KeyType


@frozen(kw_only=True)
class Town:
    """A service with a text and an email template, and one key of each type."""

    platform: MemoryPlatform
    clock: FixedClock
    service: Service
    sms: Template
    email: Template
    keys: dict[KeyType, ApiKey]

    def text(self, number: str = "07700 900123", key: KeyType = KeyType.NORMAL, **more: Any) -> Accepted:
        """Send a text with everything it needs."""
        request: dict[str, Any] = {
            "personalisation": {"name": "Jo"},
            "template_id": self.sms.id,
            "phone_number": number,
        } | more
        return self.platform.notify.send_sms(SmsRequest(key=self.keys[key], **request))

    def mail(self, address: str = "jo@example.com", key: KeyType = KeyType.NORMAL, **more: Any) -> Accepted:
        """Send an email with everything it needs."""
        request: dict[str, Any] = {
            "personalisation": {"name": "Jo"},
            "template_id": self.email.id,
            "email_address": address,
        } | more
        return self.platform.notify.send_email(EmailRequest(key=self.keys[key], **request))

    def status(self, notification_id: UUID) -> str:
        """Say where a message is."""
        return self.platform.notify.find_notification(self.service.id, notification_id).notification.status


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def platform(clock: FixedClock) -> MemoryPlatform:
    random.seed(20261121)
    return in_memory(clock=clock, new_id=SequentialIds(clock))


def make_town(platform: MemoryPlatform, clock: FixedClock, **more: Any) -> Town:
    wanted: dict[str, Any] = {"name": "Bins", "guest_list": ("07700 900999", "guest@example.com")} | more
    service = platform.notify.create_service(NewService(**wanted))
    make = platform.notify.create_template
    return Town(
        platform=platform,
        clock=clock,
        service=service,
        sms=make(NewTemplate(service_id=service.id, name="Text", channel=Channel.SMS, content="Hi ((name))")),
        email=make(
            NewTemplate(
                service_id=service.id,
                name="Email",
                channel=Channel.EMAIL,
                subject="For ((name))",
                content="# Hi ((name))",
            )
        ),
        keys={kind: platform.notify.create_api_key(service.id, f"key {kind}", kind) for kind in KeyType},
    )


@pytest.fixture
def town(platform: MemoryPlatform, clock: FixedClock) -> Town:
    return make_town(platform, clock)
