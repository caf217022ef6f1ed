"""What a development system begins with: the demo service with its templates and keys, and a world of one's own."""

from __future__ import annotations

from typing import Any

from notify_cli.dev.layout import DataDirectory
from notify_cli.worlds import world_document
from notify_core.application import Notify
from notify_core.errors import Conflict
from notify_core.services.create import NewService
from notify_core.templates.write import NewTemplate
from notify_core.vocabulary import Channel, KeyType
from notify_core.worlds.model import World

SERVICE_NAME = "Demo service"
SMS_CONTENT = "Hello ((name)), your bins are collected on ((day))."
EMAIL_SUBJECT = "Your bins, ((name))"
EMAIL_CONTENT = """\
# Hello ((name))

Your bins are collected on ((day)):

* paper
* glass

^ Put them out before 7am.

Read more at https://www.example.com/bins
"""
GUESTS = ("07700 900123", "guest@example.com")

_FILE = "world.json"


def demo_world(notify: Notify, directory: DataDirectory) -> dict[str, Any]:
    """Return the demo service's ids and keys, as the ready file shows them; made at first use."""
    world = directory.read(_FILE)
    if world is None:
        world = _make(notify)
        directory.write(_FILE, world)
    return dict(world)


def apply_world(notify: Notify, world: World) -> dict[str, Any]:
    """Apply a world, as each start does, and return its ids and keys for the ready file. Raises Conflict."""
    applied = notify.apply_world(world)
    if applied.conflicts:
        listed = "\n".join(f"  - {conflict}" for conflict in applied.conflicts)
        raise Conflict(f"The world contradicts what this system remembers; --fresh forgets it:\n{listed}")
    return world_document(applied)


def _make(notify: Notify) -> dict[str, Any]:
    taken = {service.name for service in notify.list_services()}
    # Numbered only if an earlier start was interrupted between making the service and writing it down.
    names = (SERVICE_NAME, *(f"{SERVICE_NAME} {number}" for number in range(2, len(taken) + 3)))
    service = notify.create_service(
        NewService(
            name=next(name for name in names if name not in taken),
            sms_sender="DEMO",
            reply_to="replies@example.com",
            contact_link="https://www.example.com/contact",
            guest_list=GUESTS,
        )
    )
    sms = notify.create_template(
        NewTemplate(service_id=service.id, name="Bin day", channel=Channel.SMS, content=SMS_CONTENT)
    )
    email = notify.create_template(
        NewTemplate(
            service_id=service.id,
            name="Bin day",
            channel=Channel.EMAIL,
            subject=EMAIL_SUBJECT,
            content=EMAIL_CONTENT,
        )
    )
    return {
        "service_id": str(service.id),
        "api_keys": {
            key_type.value: notify.create_api_key(service.id, f"demo {key_type}", key_type).combined
            for key_type in KeyType
        },
        "templates": {"sms": str(sms.id), "email": str(email.id)},
    }
