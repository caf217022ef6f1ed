"""Write a template: its first version, or the next."""

from __future__ import annotations

from uuid import UUID

from attrs import evolve, frozen

from notify_core.clock import Clock
from notify_core.errors import NotFound, NotifyError
from notify_core.identifiers import NewId
from notify_core.services.find import existing_service
from notify_core.templates.model import Template
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel

_NAME_LENGTH = 255


class InvalidTemplate(NotifyError):
    """A template cannot be made from these values."""

    code = "invalid-template"


@frozen(kw_only=True)
class NewTemplate:
    """A template as its author asks for it."""

    service_id: UUID
    name: str
    channel: Channel
    content: str
    subject: str | None = None
    has_unsubscribe_link: bool = False


def check(wanted: NewTemplate) -> None:
    """Raise InvalidTemplate, naming the first value that will not do."""
    if not 0 < len(wanted.name.strip()) <= _NAME_LENGTH:
        raise InvalidTemplate(f"name: {len(wanted.name.strip())} characters long; use 1 to {_NAME_LENGTH}")
    if not wanted.content.strip():
        raise InvalidTemplate("content: is empty; write the message")
    if wanted.channel is Channel.SMS:
        if wanted.subject is not None:
            raise InvalidTemplate("subject: text messages have none; leave it out")
    elif not (wanted.subject or "").strip():
        raise InvalidTemplate(f"subject: is empty; {wanted.channel} templates need one")
    if wanted.has_unsubscribe_link and wanted.channel is not Channel.EMAIL:
        raise InvalidTemplate("has_unsubscribe_link: only email templates can have one; leave it out")
    if "\0" in wanted.content + (wanted.subject or "") + wanted.name:
        raise InvalidTemplate("content: holds a NUL character; remove it")


@frozen
class CreateTemplate:
    """Write the first version of a template."""

    database: Database
    clock: Clock
    new_id: NewId

    def __call__(self, wanted: NewTemplate) -> Template:
        """Store version 1 and return it. Raises InvalidTemplate, or NotFound when there is no such service."""
        check(wanted)
        template = Template(
            id=self.new_id(),
            service_id=wanted.service_id,
            name=wanted.name.strip(),
            channel=wanted.channel,
            content=wanted.content,
            subject=wanted.subject,
            has_unsubscribe_link=wanted.has_unsubscribe_link,
            created_at=self.clock(),
        )
        with self.database.begin() as work:
            existing_service(work, wanted.service_id)
            work.templates.save(template)
            work.commit()
        return template


@frozen
class EditTemplate:
    """Write the next version of a template."""

    database: Database
    clock: Clock

    def __call__(self, template_id: UUID, *, content: str | None = None, subject: str | None = None) -> Template:
        """Store and return the next version; what is left out stays, and changing nothing makes no version.

        Raises NotFound, InvalidTemplate, or Conflict when somebody else saved a version meanwhile.
        """
        with self.database.begin() as work:
            before = work.templates.find(template_id)
            if before is None:
                raise NotFound(f"There is no template with id {template_id}")
            after = evolve(
                before,
                content=before.content if content is None else content,
                subject=before.subject if subject is None else subject,
            )
            if after == before:
                return before
            check(_as_wanted(after))
            after = evolve(after, version=before.version + 1, updated_at=self.clock())
            work.templates.save(after)
            work.commit()
        return after


def _as_wanted(template: Template) -> NewTemplate:
    return NewTemplate(
        service_id=template.service_id,
        name=template.name,
        channel=template.channel,
        content=template.content,
        subject=template.subject,
        has_unsubscribe_link=template.has_unsubscribe_link,
    )
