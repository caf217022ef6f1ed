"""Users, and who of them is a member of which service."""

# ruff: noqa: S608 - statements are put together from constants; what varies travels as parameters

from __future__ import annotations

from uuid import UUID

from notify_adapters.postgres.session import Parameters, Row, Session
from notify_core.errors import Conflict, NotFound
from notify_core.users.model import User, normalised_email_address

_COLUMNS = "users.id, name, email_address, mobile_number, created_at"

_ADD = """
INSERT INTO users (
    id, name, email_address, normalised_email_address, mobile_number, normalised_mobile_number, created_at
) VALUES (
    %(id)s, %(name)s, %(email_address)s, %(normalised_email_address)s, %(mobile_number)s,
    %(normalised_mobile_number)s, %(created_at)s
)
ON CONFLICT (normalised_email_address) DO NOTHING
RETURNING id
"""
_SAVE = """
WITH saved AS (
    UPDATE users SET
        name = %(name)s, email_address = %(email_address)s, mobile_number = %(mobile_number)s,
        normalised_email_address = %(normalised_email_address)s,
        normalised_mobile_number = %(normalised_mobile_number)s
    WHERE id = %(id)s AND NOT EXISTS (
        SELECT FROM users AS other
        WHERE other.normalised_email_address = %(normalised_email_address)s AND other.id <> %(id)s
    )
    RETURNING id
)
SELECT EXISTS (SELECT FROM saved) AS saved, EXISTS (SELECT FROM users WHERE id = %(id)s) AS known
"""
_FIND = f"SELECT {_COLUMNS} FROM users WHERE id = %(id)s"
_FIND_BY_EMAIL_ADDRESS = f"SELECT {_COLUMNS} FROM users WHERE normalised_email_address = %(email_address)s"
_LIST = f"""
SELECT {_COLUMNS} FROM users JOIN service_members ON user_id = users.id
WHERE service_id = %(service_id)s
ORDER BY normalised_email_address COLLATE "C"
"""
_ADD_MEMBER = """
INSERT INTO service_members (service_id, user_id) VALUES (%(service_id)s, %(user_id)s)
ON CONFLICT (service_id, user_id) DO NOTHING
"""
_REMOVE_MEMBER = "DELETE FROM service_members WHERE service_id = %(service_id)s AND user_id = %(user_id)s"


class PostgresUsers:
    """Implements `UserRepository`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, user: User) -> None:
        """Store a new user."""
        if self._session.row(_ADD, _parameters(user)) is None:
            raise _taken()

    def save(self, user: User) -> None:
        """Replace the user of that id."""
        row = self._session.row(_SAVE, _parameters(user))
        if row is None or not row.known:
            raise NotFound(f"There is no user with id {user.id}")
        if not row.saved:
            raise _taken()

    def find(self, user_id: UUID) -> User | None:
        """Return the user, or None."""
        return _user(self._session.row(_FIND, {"id": user_id}))

    def find_by_email_address(self, email_address: str) -> User | None:
        """Return the user with that email address, or None."""
        wanted = normalised_email_address(email_address)
        return _user(self._session.row(_FIND_BY_EMAIL_ADDRESS, {"email_address": wanted}))

    def list_for(self, service_id: UUID) -> list[User]:
        """Return the members of the service, by email address."""
        rows = self._session.rows(_LIST, {"service_id": service_id})
        return [User(**row._asdict()) for row in rows]

    def add_member(self, service_id: UUID, user_id: UUID) -> None:
        """Make the user a member of the service."""
        self._session.run(_ADD_MEMBER, {"service_id": service_id, "user_id": user_id})

    def remove_member(self, service_id: UUID, user_id: UUID) -> None:
        """Take the user out of the service."""
        self._session.run(_REMOVE_MEMBER, {"service_id": service_id, "user_id": user_id})


def _taken() -> Conflict:
    return Conflict("email_address: there is another user with that one")


def _parameters(user: User) -> Parameters:
    return {
        "id": user.id,
        "name": user.name,
        "email_address": user.email_address,
        "normalised_email_address": user.normalised_email_address,
        "mobile_number": user.mobile_number,
        "normalised_mobile_number": user.normalised_mobile_number,
        "created_at": user.created_at,
    }


def _user(row: Row | None) -> User | None:
    return None if row is None else User(**row._asdict())
