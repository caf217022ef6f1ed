"""Templates: the latest version of each in one table, every version in another."""

# ruff: noqa: S608 - statements are put together from constants; what varies travels as parameters

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from attrs import asdict

from notify_adapters.postgres.session import Row, Session
from notify_adapters.postgres.tables import columns_of, templates
from notify_core.errors import Conflict
from notify_core.templates.model import Template
from notify_core.vocabulary import Channel

_COLUMNS = columns_of(templates)
_VALUES = ", ".join(f"%({column.name})s" for column in templates.columns)
_NEWER = ", ".join(f"{column.name} = excluded.{column.name}" for column in templates.columns)

# Of two who save the same version at once, the second waits for the first, and then finds nothing to do.
_SAVE = f"""
WITH latest AS (
    INSERT INTO templates ({_COLUMNS}) VALUES ({_VALUES})
    ON CONFLICT (id) DO UPDATE SET {_NEWER} WHERE templates.version < excluded.version
    RETURNING {_COLUMNS}
)
INSERT INTO templates_history ({_COLUMNS}) SELECT {_COLUMNS} FROM latest
RETURNING version
"""

_FIND = f"SELECT {_COLUMNS} FROM templates WHERE id = %(id)s"
_FIND_VERSION = f"SELECT {_COLUMNS} FROM templates_history WHERE id = %(id)s AND version = %(version)s"
_LIST_VERSIONS = f"SELECT {_COLUMNS} FROM templates_history WHERE id = %(id)s ORDER BY version"
_OF_SERVICE = f"SELECT {_COLUMNS} FROM templates WHERE service_id = %(service_id)s"
_ORDER = """ORDER BY name COLLATE "C", array_position(ARRAY['sms', 'email', 'letter'], channel), id"""
_LIST_ALL = f"{_OF_SERVICE} {_ORDER}"
_LIST = f"{_OF_SERVICE} AND NOT archived AND NOT hidden {_ORDER}"
_AUTHORS = "SELECT id, email_address FROM users WHERE id = ANY(%(ids)s)"


class PostgresTemplates:
    """Implements `TemplateRepository`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def save(self, template: Template) -> None:
        """Store the template as its own version."""
        saved = self._session.row(_SAVE, asdict(template) | {"channel": template.channel.value})
        if saved is None:
            raise Conflict(f"version: {template.version} of this template was saved by somebody else")

    def find(self, template_id: UUID, version: int | None = None) -> Template | None:
        """Return the template at that version, or the latest, or None."""
        if version is None:
            row = self._session.row(_FIND, {"id": template_id})
        else:
            row = self._session.row(_FIND_VERSION, {"id": template_id, "version": version})
        return None if row is None else _template(row)

    def list_for(self, service_id: UUID) -> list[Template]:
        """Return the latest versions, without archived and hidden ones."""
        return [_template(row) for row in self._session.rows(_LIST, {"service_id": service_id})]

    def list_versions(self, template_id: UUID) -> list[Template]:
        """Return every version, the first one first."""
        return [_template(row) for row in self._session.rows(_LIST_VERSIONS, {"id": template_id})]

    def list_all_for(self, service_id: UUID) -> list[Template]:
        """Return the latest versions, archived and hidden ones too."""
        return [_template(row) for row in self._session.rows(_LIST_ALL, {"service_id": service_id})]

    def authors(self, user_ids: Collection[UUID]) -> dict[UUID, str]:
        """Return the email addresses of these users, without those that are not known."""
        return {row.id: row.email_address for row in self._session.rows(_AUTHORS, {"ids": list(user_ids)})}


def _template(row: Row) -> Template:
    return Template(**row._asdict() | {"channel": Channel(row.channel)})
