"""Archive a template: nothing can be sent with it again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import evolve, frozen

from notify_core.clock import Clock
from notify_core.errors import NotFound
from notify_core.templates.model import Template
from notify_core.unit_of_work import Database, UnitOfWork


@frozen
class ArchiveTemplate:
    """Withdraw a template for good. Its versions stay, since messages refer to them."""

    database: Database
    clock: Clock

    def __call__(self, template_id: UUID) -> Template:
        """Return the template as it now stands. Safe to repeat: the first time counts. Raises NotFound."""
        with self.database.begin() as work:
            template = work.templates.find(template_id)
            if template is None:
                raise NotFound(f"There is no template with id {template_id}")
            template = archive_template(work, template, self.clock())
            work.commit()
        return template


def archive_template(work: UnitOfWork, template: Template, now: datetime) -> Template:
    """Store the template's last version, which says that it is archived, as part of a transaction.

    Does nothing to one that is archived. Raises Conflict when somebody else saved a version meanwhile.
    """
    if template.archived:
        return template
    archived = evolve(template, archived=True, version=template.version + 1, updated_at=now)
    work.templates.save(archived)
    return archived
