"""Make what a provider is handed out of a stored message."""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from notify_core.directory import Directory
from notify_core.notifications.model import Message, Notification
from notify_core.providers.choosing import Choosing
from notify_core.providers.model import OutgoingEmail, OutgoingSms, ProviderFailed
from notify_core.services.model import Service, WhenInDoubt
from notify_core.templates.model import Template
from notify_core.unit_of_work import UnitOfWork
from notify_core.unsubscribe.links import UnsubscribeLinks
from notify_core.vocabulary import Channel, KeyType, ProviderName

NO_DOUBLES = "in doubt: a provider may have taken it, no receipt came, and the service wants nothing sent twice"


@frozen(kw_only=True)
class Composed:
    """A message ready to be handed over. `fragments` is what a text is billed as; 0 for emails."""

    provider: ProviderName
    outgoing: OutgoingSms | OutgoingEmail
    fragments: int = 0


@frozen(kw_only=True)
class TestMessage:
    """A message of a test key: nobody is called, but it is recorded as if this provider had been."""

    __test__ = False  # not a test case, whatever its name suggests to pytest

    provider: ProviderName
    reference: str | None = None


@frozen
class NotToBeSent:
    """A message that must not be sent, ever. `because` says why, for its timeline."""

    because: str


class IncompleteMessage(ProviderFailed):
    """The service or template that a message was made from cannot be found."""

    code = "incomplete-message"


@frozen(kw_only=True)
class Composer:
    """Turn stored messages into what providers want."""

    directory: Directory
    choosing: Choosing
    email_domain: str
    unsubscribe_links: UnsubscribeLinks

    def __call__(self, message: Message) -> Composed | TestMessage | NotToBeSent:
        """Compose the message for the provider that it is being attempted with.

        Raises NoProvider, or IncompleteMessage when the service or template is not to be found.
        """
        notification = message.notification
        service = self.directory.service(notification.service_id)
        template = self.directory.template(notification.template_id, notification.template_version)
        if service is None or template is None:
            raise IncompleteMessage("its service or template cannot be found")
        if not service.active:
            return NotToBeSent("service is not active")
        if notification.key_type is KeyType.TEST:
            provider = notification.attempting_with or self._provider_in_name(notification)
            return TestMessage(provider=provider, reference=_test_reference(notification.channel, notification.id))
        if notification.in_doubt_until is not None and service.when_in_doubt is WhenInDoubt.FAIL:
            return NotToBeSent(NO_DOUBLES)
        carrier = notification.attempting_with
        if carrier is None:
            raise self.choosing.nobody(notification.channel, international=notification.international)
        if notification.channel is Channel.EMAIL:
            return Composed(provider=carrier, outgoing=self.email(message, service, template))
        outgoing, fragments = self.sms(message, service, template)
        return Composed(provider=carrier, outgoing=outgoing, fragments=fragments)

    def _provider_in_name(self, notification: Notification) -> ProviderName:
        """Nobody is called for a test key, so it does not matter who is down."""
        return self.choosing.for_test(notification.channel, international=notification.international)

    def sms(self, message: Message, service: Service, template: Template) -> tuple[OutgoingSms, int]:
        """Return the text as it is sent, with the service's prefix, and how many fragments it takes."""
        rendered = self.directory.sms(template).render(
            message.contents.personalisation, prefix=service.name if service.prefix_sms else None
        )
        outgoing = OutgoingSms(
            reference=message.notification.id,
            recipient=message.contents.normalised_recipient,
            text=rendered.text,
            sender=message.contents.reply_to_text or "",
            international=message.notification.international,
        )
        return outgoing, rendered.fragment_count

    def fragments(self, work: UnitOfWork, notification: Notification) -> int:
        """Return how many fragments a text takes; 0 for other messages, and once its contents have expired.

        From inside a transaction, where nobody has counted: its receipt came before whoever sent it had recorded it.
        """
        if notification.channel is not Channel.SMS:
            return 0
        message = work.notifications.find(notification.service_id, notification.id)
        service = self.directory.service(notification.service_id, work)
        template = self.directory.template_version(notification.template_id, notification.template_version, work)
        if message is None or service is None or template is None:
            return 0
        return self.sms(message, service, template)[1]

    def email(self, message: Message, service: Service, template: Template) -> OutgoingEmail:
        """Return the email as it is sent, as plain text and as a whole HTML page.

        A template's own unsubscribe link stands in both. Mail programs get the sender's, if there is one.
        """
        key, contents = message.notification.id, message.contents
        in_body, in_header = None, contents.one_click_unsubscribe_url
        if template.has_unsubscribe_link:
            in_body = self.unsubscribe_links.for_people(key, contents.recipient)
            in_header = in_header or self.unsubscribe_links.for_programs(key, contents.recipient)
        values = message.contents.personalisation
        email = self.directory.email(template)
        return OutgoingEmail(
            reference=message.notification.id,
            recipient=message.contents.normalised_recipient,
            sender_name=service.email_sender_name,
            sender_address=f"{service.email_sender_local_part}@{self.email_domain}",
            reply_to=message.contents.reply_to_text,
            subject=email.render_subject(values),
            text=email.render_text(values, unsubscribe_link=in_body),
            html=email.render_html(values, unsubscribe_link=in_body),
            one_click_unsubscribe_url=in_header,
        )


def _test_reference(channel: Channel, notification_id: UUID) -> str | None:
    """Emails are found again by the provider's reference, so a simulated one needs one too."""
    return str(notification_id) if channel is Channel.EMAIL else None
