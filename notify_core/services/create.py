"""Set up a service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import Factory, field, frozen

from notify_core.billing.assign import assign_allowance
from notify_core.calendar import financial_year, london_date
from notify_core.clock import Clock
from notify_core.identifiers import NewId
from notify_core.recipients import format_recipient, parse_email_address
from notify_core.services.model import (
    DEFAULT_PERMISSIONS,
    DEFAULT_RATE_LIMIT,
    LONGEST_RETENTION,
    NAME_LENGTH,
    SHORTEST_RETENTION,
    SMS_SENDER_LENGTH,
    InvalidService,
    MessageLimits,
    OrganisationType,
    Permission,
    ReplyTo,
    Service,
    SmsSender,
    WhenInDoubt,
    email_safe,
)
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel


def _permissions(values: Iterable[str]) -> frozenset[Permission]:
    try:
        return frozenset(Permission(value) for value in values)
    except ValueError as error:
        known = ", ".join(sorted(Permission))
        raise InvalidService(f"permissions: {error}. Choose among: {known}") from None


@frozen(kw_only=True)
class NewService:
    """A service as an operator asks for it. What is left out takes the platform's defaults."""

    name: str
    restricted: bool = False
    prefix_sms: bool = True
    permissions: frozenset[Permission] = field(default=DEFAULT_PERMISSIONS, converter=_permissions)
    custom_email_sender_name: str | None = None
    contact_link: str | None = None
    sms_sender: str | None = None
    reply_to: str | None = None
    guest_list: tuple[str, ...] = ()
    rate_limit: int = DEFAULT_RATE_LIMIT
    limits: MessageLimits = Factory(MessageLimits)
    retention_days: Mapping[Channel, int] = Factory(dict)
    when_in_doubt: WhenInDoubt = WhenInDoubt.RESEND
    organisation_type: OrganisationType | None = None


@frozen
class CreateService:
    """Set up a service with its first sender, reply-to address, guest list, and this year's free allowance."""

    database: Database
    clock: Clock
    new_id: NewId
    default_sms_sender: str

    def __call__(self, wanted: NewService) -> Service:
        """Store the service and return it.

        Raises InvalidService (or InvalidRecipient for the reply-to address) naming the value that will not
        do, and Conflict when the name is taken.
        """
        service = self._service(wanted)
        with self.database.begin() as work:
            work.services.add(service)
            assign_allowance(work, service.id, financial_year(london_date(service.created_at)))
            work.commit()
        return service

    def _service(self, wanted: NewService) -> Service:
        check(wanted)
        sender = SmsSender(id=self.new_id(), text=wanted.sms_sender or self.default_sms_sender)
        reply_tos = (
            (ReplyTo(id=self.new_id(), address=parse_email_address(wanted.reply_to).cleaned),)
            if wanted.reply_to
            else ()
        )
        return Service(
            id=self.new_id(),
            name=wanted.name.strip(),
            created_at=self.clock(),
            restricted=wanted.restricted,
            prefix_sms=wanted.prefix_sms,
            permissions=wanted.permissions,
            custom_email_sender_name=wanted.custom_email_sender_name,
            contact_link=wanted.contact_link,
            rate_limit=wanted.rate_limit,
            limits=wanted.limits,
            retention_days=dict(wanted.retention_days),
            when_in_doubt=wanted.when_in_doubt,
            organisation_type=wanted.organisation_type,
            guest_list=frozenset(format_recipient(entry) for entry in wanted.guest_list),
            sms_senders=(sender,),
            reply_tos=reply_tos,
        )


def check(wanted: NewService) -> None:
    """Raise InvalidService, naming the first value that will not do."""
    name = wanted.name.strip()
    if not name or len(name) > NAME_LENGTH:
        raise InvalidService(f"name: {len(name)} characters long; use 1 to {NAME_LENGTH}")
    if not email_safe(wanted.custom_email_sender_name or name):
        raise InvalidService("name: needs a letter or a digit, since the sender's email address is made from it")
    sender = wanted.sms_sender
    if sender is not None and not 0 < len(sender) <= SMS_SENDER_LENGTH:
        raise InvalidService(f"sms_sender: {sender!r} is {len(sender)} characters long; use 1 to 11")
    if wanted.rate_limit < 1:
        raise InvalidService(f"rate_limit: {wanted.rate_limit} a minute lets nothing through; use 1 or more")
    for channel, days in wanted.retention_days.items():
        if not SHORTEST_RETENTION <= days <= LONGEST_RETENTION:
            raise InvalidService(
                f"retention_days: {days} for {channel}; use {SHORTEST_RETENTION} to {LONGEST_RETENTION}"
            )
