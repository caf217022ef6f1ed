"""Take in a text that somebody sent to one of our numbers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from attrs import field, frozen

from notify_core.callbacks.announce import Announcer
from notify_core.clock import Clock
from notify_core.directory import Directory
from notify_core.identifiers import NewId
from notify_core.inbound.model import ReceivedText
from notify_core.notifications.model import expiry_date
from notify_core.recipients import InvalidPhoneNumber, parse_phone_number
from notify_core.services.model import Permission
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel, ProviderName


@frozen(kw_only=True)
class IncomingText:
    """A text as its provider tells of it. `sent_at` is when the provider took it, or None when it does not say."""

    provider: ProviderName
    number: str
    user_number: str = field(repr=False)
    content: str = field(repr=False)
    reference: str | None = None
    sent_at: datetime | None = None


class Reception(StrEnum):
    """What became of an incoming text."""

    STORED = "stored"
    KNOWN = "known already"
    UNKNOWN_NUMBER = "no service has that number"
    NOT_PERMITTED = "the service may not receive texts"


@frozen
class ReceiveText:
    """Store a text for the service that has the number it was sent to."""

    database: Database
    directory: Directory
    clock: Clock
    new_id: NewId
    announcer: Announcer = field(factory=Announcer)

    def __call__(self, incoming: IncomingText) -> Reception:
        """Store the text, once however often its provider repeats it, and say what became of it."""
        with self.database.statement() as work:
            number = work.inbound.find_number(national_form(incoming.number))
        if number is None or number.service_id is None or not number.active:
            return Reception.UNKNOWN_NUMBER
        service = self.directory.service(number.service_id)
        if service is None or not service.active or Permission.INBOUND_SMS not in service.permissions:
            return Reception.NOT_PERMITTED
        now = self.clock()
        text = ReceivedText(
            id=self.new_id(),
            service_id=service.id,
            notify_number=number.number,
            user_number=sender_of(incoming.user_number),
            content=incoming.content,
            provider=incoming.provider,
            provider_reference=incoming.reference,
            provider_date=incoming.sent_at or now,
            created_at=now,
            expires_on=expiry_date(now, service.days_kept(Channel.SMS)),
        )
        with self.database.begin() as work:
            if not work.inbound.add(text):
                return Reception.KNOWN
            self.announcer.received(work, text)
            work.commit()
        return Reception.STORED


def national_form(number: str) -> str:
    """Return one of our numbers as we keep it.

    >>> national_form("447123123144"), national_form("07123123144")
    ('07123123144', '07123123144')
    """
    return f"0{number[2:]}" if number.startswith("44") else number


def sender_of(number: str) -> str:
    """Return who sent a text: digits where it is a phone number, else the name as it is.

    >>> sender_of("(+44)7900900123"), sender_of("PARKING")
    ('447900900123', 'PARKING')
    """
    try:
        return parse_phone_number(number).normalised
    except InvalidPhoneNumber:
        return number
