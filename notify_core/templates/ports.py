"""What the use cases need of wherever templates are kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol
from uuid import UUID

from notify_core.templates.model import Template


class TemplateRepository(Protocol):
    """Templates with all their versions."""

    def save(self, template: Template) -> None:
        """Store the template as its own `version`, which becomes the latest.

        Raises Conflict when that version exists already: somebody else saved first.
        """
        ...

    def find(self, template_id: UUID, version: int | None = None) -> Template | None:
        """Return the template at that version (the latest when None), or None when there is none."""
        ...

    def list_versions(self, template_id: UUID) -> list[Template]:
        """Return every version of the template, the first one first; nothing when there is no such template."""
        ...

    def list_all_for(self, service_id: UUID) -> list[Template]:
        """Return the latest versions of all of the service's templates, archived and hidden ones too.

        Ordered like `list_for`.
        """
        ...

    def list_for(self, service_id: UUID) -> list[Template]:
        """Return the latest versions of the service's templates that are neither archived nor hidden.

        Ordered by name, then sms, email, letter.
        """
        ...

    def authors(self, user_ids: Collection[UUID]) -> Mapping[UUID, str]:
        """Return the email addresses of these users, without those that are not known."""
        ...
