"""Look a message up, as its sender sees it."""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from notify_core.billing.rates import Cost, cost_of
from notify_core.directory import Directory
from notify_core.errors import NotFound
from notify_core.notifications.model import Contents, Message, Notification
from notify_core.templates.model import Template
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel


@frozen(kw_only=True)
class Found:
    """A message with its text filled in, and what it cost. `subject` is None for texts."""

    notification: Notification
    contents: Contents
    template: Template
    body: str
    subject: str | None
    cost: Cost


@frozen
class FindNotification:
    """One message of a service, while its contents last."""

    database: Database
    directory: Directory

    def __call__(self, service_id: UUID, notification_id: UUID) -> Found:
        """Return the message, rendered from the template version it was accepted with. Raises NotFound."""
        with self.database.statement() as work:
            message = work.notifications.find(service_id, notification_id)
        if message is None:
            raise NotFound("No result found")
        return self.present(message)

    def present(self, message: Message) -> Found:
        """Render the message. Raises NotFound when its template version is gone."""
        notification = message.notification
        template = self.directory.template(notification.template_id, notification.template_version)
        if template is None:
            raise NotFound("No result found")
        values = message.contents.personalisation
        if notification.channel is Channel.SMS:
            body, subject = self.directory.sms(template).render(values).text, None
        else:
            source = self.directory.email(template).render_source(values)
            body, subject = source.body, source.subject
        return Found(
            notification=notification,
            contents=message.contents,
            template=template,
            body=body,
            subject=subject,
            cost=cost_of(notification),
        )
