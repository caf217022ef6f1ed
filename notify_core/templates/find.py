"""Look templates up."""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from notify_core.errors import NotFound
from notify_core.services.find import existing_service
from notify_core.templates.model import Template
from notify_core.unit_of_work import Database


@frozen
class FindTemplate:
    """One template, at its latest version or an earlier one."""

    database: Database

    def __call__(self, template_id: UUID, version: int | None = None) -> Template:
        """Return the template. Raises NotFound."""
        with self.database.statement() as work:
            template = work.templates.find(template_id, version)
        if template is None:
            suffix = "" if version is None else f" at version {version}"
            raise NotFound(f"There is no template with id {template_id}{suffix}")
        return template


@frozen
class ListTemplates:
    """The templates of a service."""

    database: Database

    def __call__(self, service_id: UUID) -> list[Template]:
        """Return the latest versions, by name, without archived ones. Raises NotFound for an unknown service."""
        with self.database.statement() as work:
            existing_service(work, service_id)
            return work.templates.list_for(service_id)
