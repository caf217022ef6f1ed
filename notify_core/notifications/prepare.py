"""Make a message ready to be sent: everything that can be wrong with it is found here, and nothing is stored."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from attrs import Factory, evolve, frozen

from notify_core.api_keys.model import ApiKey
from notify_core.clock import Clock
from notify_core.content import EmailSource, SmsMessage, clean
from notify_core.content.sanitise import Sanitised, sanitise_content_for
from notify_core.directory import Directory
from notify_core.documents.files import File, files_in, read_files
from notify_core.documents.model import Document
from notify_core.documents.upload import UploadFiles
from notify_core.identifiers import NewId
from notify_core.notifications.model import Contents, Message, Notification, expiry_date
from notify_core.notifications.recipients_allowed import check_recipient_allowed, is_simulated
from notify_core.notifications.refusals import (
    ChannelNotPermitted,
    EmailTooLong,
    EmptyMessage,
    FileNotAllowed,
    FilesNotSetUp,
    InternationalNotPermitted,
    MissingPersonalisation,
    NumberNotPermitted,
    SenderNotFound,
    SmsTooLong,
    TemplateDeleted,
    TemplateNotFound,
    WrongTemplateType,
)
from notify_core.recipients import (
    EmailAddress,
    InvalidPhoneNumber,
    PhoneNumber,
    format_recipient,
    parse_email_address,
    parse_phone_number,
)
from notify_core.services.model import Permission, Service
from notify_core.templates.model import Template
from notify_core.vocabulary import Channel

# Stands for a file that is not uploaded yet: something, and no longer than any link.
_SHORTEST_LINK = "-"


@frozen(kw_only=True)
class SmsRequest:
    """A text to send, on behalf of the service whose key this is; at once, or at `scheduled_for` (UTC)."""

    key: ApiKey
    phone_number: str
    template_id: UUID
    personalisation: Mapping[str, object] = Factory(dict)
    reference: str | None = None
    scheduled_for: datetime | None = None
    sms_sender_id: UUID | None = None


@frozen(kw_only=True)
class EmailRequest:
    """An email to send, on behalf of the service whose key this is; at once, or at `scheduled_for` (UTC).

    Values named in `sanitise_content_for` are shown without links and Markdown: strangers may have typed them.
    A value that is an object with a `file` in it (base64) becomes a link to that file.
    """

    key: ApiKey
    email_address: str
    template_id: UUID
    personalisation: Mapping[str, object] = Factory(dict)
    reference: str | None = None
    scheduled_for: datetime | None = None
    email_reply_to_id: UUID | None = None
    one_click_unsubscribe_url: str | None = None
    sanitise_content_for: tuple[str, ...] = ()


@frozen(kw_only=True)
class Prepared:
    """A message that could be sent, as it would be stored and as its sender is told.

    `body` (and `subject`) are filled in; `sender` is who it comes from. `sanitised` holds the values that were
    changed before they were used, by their names as sent.
    """

    service: Service
    template: Template
    message: Message
    body: str
    subject: str | None
    sender: str
    sanitised: Mapping[str, Sanitised] = Factory(dict)

    @property
    def simulated(self) -> bool:
        """Whether it is for one of the recipients that only seem to be written to."""
        return is_simulated(self.message.contents.normalised_recipient)

    @property
    def counts_as_abroad(self) -> bool:
        """Whether it takes a place in today's count of texts abroad."""
        notification = self.message.notification
        return notification.channel is Channel.SMS and notification.country_prefix != "44" and not self.simulated


@frozen
class Preparation:
    """What both channels share: finding the service and the template, and the facts of a message accepted now."""

    directory: Directory
    clock: Clock
    new_id: NewId

    def service_of(self, key: ApiKey, channel: Channel) -> Service:
        """Return the key's service. Raises ChannelNotPermitted."""
        service = self.directory.service(key.service_id)
        if service is None or not service.may_send(channel):
            raise ChannelNotPermitted(channel)
        return service

    def template_for(self, service: Service, template_id: UUID, channel: Channel) -> Template:
        """Return the service's template. Raises TemplateNotFound, WrongTemplateType or TemplateDeleted."""
        template = self.directory.template(template_id)
        if template is None or template.service_id != service.id or template.hidden:
            raise TemplateNotFound
        if template.channel is not channel:
            raise WrongTemplateType(template.channel, channel)
        if template.archived:
            raise TemplateDeleted
        return template

    def facts(
        self, service: Service, key: ApiKey, template: Template, scheduled_for: datetime | None, **more: Any
    ) -> Notification:
        """Return the facts of a message accepted now. Until it is due, nobody may claim it."""
        now = self.clock()
        return Notification(
            id=self.new_id(),
            service_id=service.id,
            template_id=template.id,
            template_version=template.version,
            channel=template.channel,
            key_type=key.key_type,
            api_key_id=key.id,
            created_at=now,
            expires_on=expiry_date(now, service.days_kept(template.channel)),
            scheduled_for=scheduled_for,
            leased_until=scheduled_for,
            **more,
        )


@frozen(kw_only=True)
class CheckedSms:
    """A text that nothing is wrong with, but perhaps its length. `recipient` is the number as it was given."""

    rendered: SmsMessage
    sender: str
    recipient: str
    number: PhoneNumber


@frozen(kw_only=True)
class CheckedEmail:
    """An email that nothing is wrong with, but perhaps its length and its files.

    `personalisation` has what was asked to be sanitised; `sanitised` holds those values, by their names as sent.
    """

    rendered: EmailSource
    reply_to: str | None
    address: EmailAddress
    personalisation: Mapping[str, object]
    sanitised: Mapping[str, Sanitised]


@frozen
class PrepareSms:
    """Check and render a text."""

    preparation: Preparation

    def __call__(self, request: SmsRequest) -> tuple[Prepared, SmsMessage]:
        """Return the text, and how it renders. Whether it is too long is asked last, with `check_sms_length`.

        Raises one of the classes in `refusals`, NotAllowed for a recipient outside the team, or
        InvalidPhoneNumber.
        """
        service = self.preparation.service_of(request.key, Channel.SMS)
        template = self.preparation.template_for(service, request.template_id, Channel.SMS)
        checked = self.check(service, template, request)
        number = checked.number
        notification = self.preparation.facts(
            service,
            request.key,
            template,
            request.scheduled_for,
            international=number.international,
            country_prefix=number.country_prefix,
            rate_multiplier=number.rate_multiplier,
        )
        contents = Contents(
            recipient=checked.recipient,
            normalised_recipient=number.normalised,
            personalisation=request.personalisation,
            client_reference=request.reference,
            reply_to_text=checked.sender,
        )
        prepared = Prepared(
            service=service,
            template=template,
            message=Message(notification=notification, contents=contents),
            body=checked.rendered.text,
            subject=None,
            sender=checked.sender,
        )
        return prepared, checked.rendered

    def check(self, service: Service, template: Template, request: SmsRequest) -> CheckedSms:
        """Return what is found out about a text of a service that may send texts, from a template for texts.

        Raises what is wrong with it, as preparing it would.
        """
        rendered = self._render(template, request)
        sender = sms_sender(service, request.sms_sender_id)
        number = parse_phone_number(request.phone_number)
        check_recipient_allowed(service, request.key, number.normalised)
        check_number_permitted(service, number)
        return CheckedSms(rendered=rendered, sender=sender, recipient=clean(request.phone_number), number=number)

    def _render(self, template: Template, request: SmsRequest) -> SmsMessage:
        text = self.preparation.directory.sms(template)
        if missing := text.missing(request.personalisation):
            raise MissingPersonalisation(missing)
        rendered = text.render(request.personalisation)
        if rendered.is_empty:
            raise EmptyMessage
        if files_in(request.personalisation):
            raise FileNotAllowed
        return rendered


@frozen
class PrepareEmail:
    """Check and render an email, with its files uploaded."""

    preparation: Preparation
    upload_files: UploadFiles
    email_domain: str
    admin_base_url: str

    def __call__(self, request: EmailRequest, *, upload: bool = True) -> Prepared:
        """Return the email.

        Files are uploaded once nothing else can be wrong, and only then; not at all for simulated recipients and
        without `upload`, where other links stand in for theirs. Raises one of the classes in `refusals`,
        NotAllowed for a recipient outside the team, InvalidEmailAddress, InvalidFile, DocumentRefused or
        DocumentsUnavailable.
        """
        service = self.preparation.service_of(request.key, Channel.EMAIL)
        template = self.preparation.template_for(service, request.template_id, Channel.EMAIL)
        files = files_in(request.personalisation)
        checked = self.check(service, template, request, files)
        if files:
            checked = self._with_links(service, template, checked, files, upload=upload)
        rendered, address = checked.rendered, checked.address
        check_email_length(rendered)
        contents = Contents(
            recipient=address.cleaned,
            normalised_recipient=address.normalised,
            personalisation=checked.personalisation,
            client_reference=request.reference,
            reply_to_text=checked.reply_to,
            one_click_unsubscribe_url=request.one_click_unsubscribe_url,
        )
        notification = self.preparation.facts(
            service, request.key, template, request.scheduled_for, document_download_count=len(files) or None
        )
        return Prepared(
            service=service,
            template=template,
            message=Message(notification=notification, contents=contents),
            body=rendered.body,
            subject=rendered.subject,
            sender=f"{service.email_sender_local_part}@{self.email_domain}",
            sanitised=checked.sanitised,
        )

    def check(
        self, service: Service, template: Template, request: EmailRequest, files: Collection[str] = ()
    ) -> CheckedEmail:
        """Return what is found out about an email of a service that may send emails, from a template for emails.

        The values named in `files` are rendered as if they were the shortest link. Raises what is wrong with it, as
        preparing it would.
        """
        texts = {name: value for name, value in request.personalisation.items() if name not in files}
        values, sanitised = sanitise_content_for(texts, request.sanitise_content_for)
        personalisation = {**request.personalisation, **values}
        rendered = self._render(template, {**personalisation, **dict.fromkeys(files, _SHORTEST_LINK)})
        reply_to = email_reply_to(service, request.email_reply_to_id)
        address = parse_email_address(request.email_address)
        check_recipient_allowed(service, request.key, address.normalised)
        return CheckedEmail(
            rendered=rendered,
            reply_to=reply_to,
            address=address,
            personalisation=personalisation,
            sanitised=sanitised,
        )

    def _with_links(
        self, service: Service, template: Template, checked: CheckedEmail, files: Mapping[str, File], *, upload: bool
    ) -> CheckedEmail:
        """Upload the files, and put links to them in their places."""
        documents = self._documents(service, files, checked.address)
        check_email_length(checked.rendered)
        simulated = is_simulated(checked.address.normalised)
        links_for = self.upload_files if upload and not simulated else self.upload_files.for_nobody
        personalisation = {**checked.personalisation, **links_for(service.id, documents)}
        return evolve(checked, personalisation=personalisation, rendered=self._render(template, personalisation))

    def _render(self, template: Template, values: Mapping[str, object]) -> EmailSource:
        email = self.preparation.directory.email(template)
        if missing := email.missing(values):
            raise MissingPersonalisation(missing)
        rendered = email.render_source(values)
        if rendered.is_empty:
            raise EmptyMessage
        return rendered

    def _documents(
        self, service: Service, files: Mapping[str, File], address: EmailAddress
    ) -> Mapping[str, Document]:
        documents = read_files(files, address.normalised)
        if not service.contact_link:
            raise FilesNotSetUp(self.admin_base_url, service.id)
        return documents


def check_email_length(rendered: EmailSource) -> None:
    """Raise EmailTooLong when the email is longer than may be sent."""
    if rendered.is_too_long:
        raise EmailTooLong(rendered.size_in_bytes)


def check_sms_length(rendered: SmsMessage) -> None:
    """Raise SmsTooLong when the text is longer than may be sent."""
    if rendered.is_too_long:
        raise SmsTooLong(rendered.character_count_without_prefix)


def sms_sender(service: Service, sender_id: UUID | None) -> str:
    """Return the sender of that id, or the default one, as a provider wants it. Raises SenderNotFound."""
    for sender in service.sms_senders:
        if sender.id == sender_id or (sender_id is None and sender.is_default):
            return format_recipient(sender.text) if sender.text[:1] in "+0" else sender.text
    raise SenderNotFound("sms_sender_id", sender_id, service.id)


def email_reply_to(service: Service, reply_to_id: UUID | None) -> str | None:
    """Return the address of that id, or the default one, or None. Raises SenderNotFound for an unknown id."""
    for reply_to in service.reply_tos:
        if reply_to.id == reply_to_id or (reply_to_id is None and reply_to.is_default):
            return reply_to.address
    if reply_to_id is not None:
        raise SenderNotFound("email_reply_to_id", reply_to_id, service.id)
    return None


def check_number_permitted(service: Service, number: PhoneNumber) -> None:
    """Raise InternationalNotPermitted or NumberNotPermitted when the service may not text such numbers."""
    international = Permission.INTERNATIONAL_SMS in service.permissions
    if not number.is_uk_prefix and not international:
        raise InternationalNotPermitted
    try:
        number.check_permitted(
            international=international or number.crown_dependency,
            uk_landline=Permission.SMS_TO_UK_LANDLINES in service.permissions,
        )
    except InvalidPhoneNumber as error:
        raise NumberNotPermitted(error.v2_message) from None
