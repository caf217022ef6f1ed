"""Make what a provider is handed out of a stored message: render it, choose who carries it."""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from notify_core.directory import Directory
from notify_core.notifications.model import Message
from notify_core.providers.model import OutgoingEmail, OutgoingSms, ProviderFailed, choose
from notify_core.providers.ports import Chance
from notify_core.services.model import Service
from notify_core.templates.model import Template
from notify_core.unsubscribe.links import UnsubscribeLinks
from notify_core.vocabulary import Channel, KeyType, ProviderName


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


class IncompleteMessage(ProviderFailed):
    """The service or template that a message was made from cannot be found."""

    code = "incomplete-message"


@frozen(kw_only=True)
class Composer:
    """Turn stored messages into what providers want."""

    directory: Directory
    chance: Chance
    email_domain: str
    unsubscribe_links: UnsubscribeLinks

    def __call__(self, message: Message) -> Composed | TestMessage | None:
        """Compose the message, or return None when its service is no longer active.

        Raises NoProvider, or IncompleteMessage when the service or template is not to be found.
        """
        notification = message.notification
        service = self.directory.service(notification.service_id)
        template = self.directory.template(notification.template_id, notification.template_version)
        if service is None or template is None:
            raise IncompleteMessage("its service or template cannot be found")
        if not service.active:
            return None
        provider = self._choose(message)
        if notification.key_type is KeyType.TEST:
            return TestMessage(provider=provider, reference=_test_reference(notification.channel, notification.id))
        if notification.channel is Channel.EMAIL:
            return Composed(provider=provider, outgoing=self.email(message, service, template))
        outgoing, fragments = self.sms(message, service, template)
        return Composed(provider=provider, outgoing=outgoing, fragments=fragments)

    def _choose(self, message: Message) -> ProviderName:
        notification = message.notification
        providers = self.directory.providers(notification.channel)
        return choose(providers, international=notification.international, chance=self.chance()).name

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
