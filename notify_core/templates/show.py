"""Show a service its own templates: as they are written, and as a message from them would read."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from attrs import frozen

from notify_core.content.placeholders import missing_names
from notify_core.directory import Directory
from notify_core.errors import NotFound
from notify_core.notifications.refusals import MissingPersonalisation
from notify_core.templates.model import Template
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel

LATEST = 0
_HIGHEST_VERSION = 2**31 - 1


@frozen(kw_only=True)
class Shown:
    """A template, the names it wants values for, and the email address of who saved this version."""

    template: Template
    placeholders: tuple[str, ...]
    created_by: str


@frozen(kw_only=True)
class Preview:
    """How a message from a template would read: `body` as its sender sees it, `html` for emails only."""

    template: Template
    body: str
    subject: str | None
    html: str | None


@frozen
class ShowTemplate:
    """One template of a service, archived or not."""

    directory: Directory

    def __call__(self, service_id: UUID, template_id: UUID, version: int = LATEST) -> Shown:
        """Return the template at that version. Raises NotFound."""
        if version > _HIGHEST_VERSION:
            raise NotFound("No result found")
        template = _own(self.directory, service_id, template_id, version or None)
        return shown(self.directory, template)


@frozen
class ShowTemplates:
    """The templates of a service that it can send with."""

    database: Database
    directory: Directory

    def __call__(self, service_id: UUID, channel: Channel | None = None) -> list[Shown]:
        """Return the latest versions, by name and then channel, without archived ones; of one channel, or all."""
        with self.database.statement() as work:
            templates = work.templates.list_for(service_id)
        return [shown(self.directory, template) for template in templates if channel in {None, template.channel}]


@frozen
class PreviewTemplate:
    """A message as it would be made from the latest version of a template, archived or not."""

    directory: Directory

    def __call__(self, service_id: UUID, template_id: UUID, values: Mapping[str, object]) -> Preview:
        """Return the message. Raises NotFound, MissingPersonalisation, or UnusableValue."""
        template = _own(self.directory, service_id, template_id)
        missing = missing_names(placeholders_of(self.directory, template), values)
        if missing:
            raise MissingPersonalisation(missing)
        if template.channel is Channel.SMS:
            text = self.directory.sms(template).render(values).text
            return Preview(template=template, body=text, subject=None, html=None)
        email = self.directory.email(template)
        source = email.render_source(values)
        if template.channel is Channel.LETTER:
            subject = email.render_subject_html(values)
            return Preview(template=template, body=source.body, subject=subject, html=None)
        return Preview(
            template=template, body=source.body, subject=source.subject, html=email.render_html_body(values)
        )


def shown(directory: Directory, template: Template) -> Shown:
    """Return the template with what is told beside it."""
    return Shown(
        template=template,
        placeholders=placeholders_of(directory, template),
        created_by=directory.author(template.created_by_id) or "",
    )


def placeholders_of(directory: Directory, template: Template) -> tuple[str, ...]:
    """Return what the template wants values for, each once: of the subject first, then of the content."""
    if template.channel is Channel.SMS:
        return directory.sms(template).placeholders
    return directory.email(template).placeholders


def _own(directory: Directory, service_id: UUID, template_id: UUID, version: int | None = None) -> Template:
    template = directory.template(template_id, version)
    if template is None or template.service_id != service_id or template.hidden:
        raise NotFound("No result found")
    return template
