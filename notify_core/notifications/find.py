"""Look a message up, as its sender sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from uuid import UUID

from attrs import frozen

from notify_core.billing.rates import Cost, cost_of
from notify_core.directory import Directory
from notify_core.errors import NotFound
from notify_core.notifications.model import Contents, Message, Notification
from notify_core.templates.model import Template
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel

_Fill = Callable[[Mapping[str, object]], tuple[str, str | None]]


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
        found = None if message is None else next(fill_in(self.directory, [message]), None)
        if found is None:
            raise NotFound("No result found")
        return found


def fill_in(directory: Directory, messages: Iterable[Message]) -> Iterator[Found]:
    """Render each message from the template version it was accepted with, and leave out those without one.

    Many messages have the same template, so each version is looked up once.
    """
    known: dict[tuple[UUID, int], tuple[Template, _Fill] | None] = {}
    for message in messages:
        facts, contents = message.notification, message.contents
        version = facts.template_id, facts.template_version
        if version not in known:
            template = directory.template(*version)
            known[version] = None if template is None else (template, _filler(directory, template))
        used = known[version]
        if used is None:
            continue
        body, subject = used[1](contents.personalisation)
        yield Found(
            notification=facts,
            contents=contents,
            template=used[0],
            body=body,
            subject=subject,
            cost=cost_of(facts),
        )


def _filler(directory: Directory, template: Template) -> _Fill:
    """Return what makes body and subject out of values."""
    if template.channel is Channel.SMS:
        sms = directory.sms(template)
        return lambda values: (sms.render(values).text, None)
    email = directory.email(template)

    def fill(values: Mapping[str, object]) -> tuple[str, str]:
        source = email.render_source(values)
        return source.body, source.subject

    return fill
