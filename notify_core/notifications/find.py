"""Look a message up, as its sender sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from uuid import UUID

from attrs import frozen

from notify_core.billing.rates import Cost, cost_of
from notify_core.directory import Directory
from notify_core.errors import NotFound
from notify_core.identifiers import moment_of
from notify_core.notifications.model import Contents, Message, Notification, expiry_date
from notify_core.templates.model import Template
from notify_core.unit_of_work import Database
from notify_core.unsubscribe.links import UnsubscribeLinks
from notify_core.vocabulary import Channel

_OUR_VERSION = 7
_Fill = Callable[[Mapping[str, object]], tuple[str, str | None]]


@frozen(kw_only=True)
class Found:
    """A message with its text filled in, and what it cost. `subject` is None for texts.

    `one_click_unsubscribe_url` is the sender's, or else the template's own: a new link each time.
    """

    notification: Notification
    contents: Contents
    template: Template
    body: str
    subject: str | None
    cost: Cost
    one_click_unsubscribe_url: str | None = None


@frozen
class PresentMessages:
    """Fills messages in for their sender."""

    directory: Directory
    unsubscribe_links: UnsubscribeLinks

    def __call__(self, messages: Iterable[Message]) -> Iterator[Found]:
        """Render each message from the template version it was accepted with, and leave out those without one.

        Many messages have the same template, so each version is looked up once.
        """
        known: dict[tuple[UUID, int], tuple[Template, _Fill] | None] = {}
        tariff = self.directory.tariff()
        for message in messages:
            facts, contents = message.notification, message.contents
            version = facts.template_id, facts.template_version
            if version not in known:
                template = self.directory.template(*version)
                known[version] = None if template is None else (template, self._filler(template))
            used = known[version]
            if used is None:
                continue
            template, fill = used
            body, subject = fill(contents.personalisation)
            yield Found(
                notification=facts,
                contents=contents,
                template=template,
                body=body,
                subject=subject,
                cost=cost_of(facts, tariff),
                one_click_unsubscribe_url=self._unsubscribe_link(message, template),
            )

    def _filler(self, template: Template) -> _Fill:
        """Return what makes body and subject out of values."""
        if template.channel is Channel.SMS:
            sms = self.directory.sms(template)
            return lambda values: (sms.render(values).text, None)
        email = self.directory.email(template)

        def fill(values: Mapping[str, object]) -> tuple[str, str]:
            source = email.render_source(values)
            return source.body, source.subject

        return fill

    def _unsubscribe_link(self, message: Message, template: Template) -> str | None:
        given = message.contents.one_click_unsubscribe_url
        if given is not None or not template.has_unsubscribe_link:
            return given
        return self.unsubscribe_links.for_programs(message.notification.id, message.contents.recipient)


@frozen
class FindNotification:
    """One message of a service, while its contents last."""

    database: Database
    present: PresentMessages

    def __call__(self, service_id: UUID, notification_id: UUID) -> Found:
        """Return the message, rendered from the template version it was accepted with. Raises NotFound."""
        likely = self._likely_expiry(service_id, notification_id)
        with self.database.statement() as work:
            message = work.notifications.find(service_id, notification_id, likely_expiry=likely)
        found = None if message is None else next(self.present([message]), None)
        if found is None:
            raise NotFound("No result found")
        return found

    def _likely_expiry(self, service_id: UUID, notification_id: UUID) -> date | None:
        """Return when the message's contents expire, unless that depends on its channel or has been changed since."""
        service = self.present.directory.service(service_id)
        if service is None or notification_id.version != _OUR_VERSION:
            return None
        days = {service.days_kept(channel) for channel in Channel}
        try:
            return expiry_date(moment_of(notification_id), days.pop()) if len(days) == 1 else None
        except OverflowError:  # an id of a time that no calendar knows
            return None
