"""Services, each whole: in several tables, read and written in one round trip."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from notify_adapters.postgres.session import Parameters, Row, Session
from notify_core.errors import Conflict, NotFound
from notify_core.services.model import (
    MessageLimits,
    OrganisationType,
    Permission,
    ReplyTo,
    Service,
    SmsSender,
    WhenInDoubt,
    email_safe,
)
from notify_core.vocabulary import Channel

# When another service's name reads the same nothing is inserted anywhere, and nothing comes back.
_ADD = """
WITH service AS (
    INSERT INTO services (
        id, name, email_safe_name, created_at, active, restricted, prefix_sms, permissions,
        custom_email_sender_name, contact_link, rate_limit,
        sms_limit, email_limit, letter_limit, international_sms_limit, idempotent_references, when_in_doubt,
        organisation_type
    ) VALUES (
        %(id)s, %(name)s, %(email_safe_name)s, %(created_at)s, %(active)s, %(restricted)s, %(prefix_sms)s,
        %(permissions)s, %(custom_email_sender_name)s, %(contact_link)s, %(rate_limit)s,
        %(sms_limit)s, %(email_limit)s, %(letter_limit)s, %(international_sms_limit)s,
        %(idempotent_references)s, %(when_in_doubt)s, %(organisation_type)s
    )
    ON CONFLICT (email_safe_name) DO NOTHING
    RETURNING id
), senders AS (
    INSERT INTO service_sms_senders (service_id, id, text, is_default, position)
    SELECT service.id, sender.id, sender.text, sender.is_default, sender.position
    FROM service, unnest(%(sender_ids)s::uuid[], %(sender_texts)s::text[], %(sender_defaults)s::boolean[])
        WITH ORDINALITY AS sender (id, text, is_default, position)
), reply_tos AS (
    INSERT INTO service_reply_tos (service_id, id, address, is_default, position)
    SELECT service.id, reply_to.id, reply_to.address, reply_to.is_default, reply_to.position
    FROM service, unnest(%(reply_to_ids)s::uuid[], %(addresses)s::text[], %(reply_to_defaults)s::boolean[])
        WITH ORDINALITY AS reply_to (id, address, is_default, position)
), guests AS (
    INSERT INTO service_guest_list (service_id, recipient)
    SELECT service.id, recipient FROM service, unnest(%(guests)s::text[]) AS recipient
), retention AS (
    INSERT INTO service_data_retention (service_id, channel, days)
    SELECT service.id, channel, days
    FROM service, unnest(%(retention_channels)s::text[], %(retention_days)s::smallint[]) AS kept (channel, days)
)
SELECT id FROM service
"""

# What a service has several of is written anew. An insertion waits for the deletion whose rows it counts; if it ran
# first, it would find the places taken.
_SAVE = """
WITH service AS (
    UPDATE services SET
        name = %(name)s, email_safe_name = %(email_safe_name)s, active = %(active)s, restricted = %(restricted)s,
        prefix_sms = %(prefix_sms)s, permissions = %(permissions)s,
        custom_email_sender_name = %(custom_email_sender_name)s, contact_link = %(contact_link)s,
        rate_limit = %(rate_limit)s, sms_limit = %(sms_limit)s, email_limit = %(email_limit)s,
        letter_limit = %(letter_limit)s, international_sms_limit = %(international_sms_limit)s,
        idempotent_references = %(idempotent_references)s, when_in_doubt = %(when_in_doubt)s,
        organisation_type = %(organisation_type)s
    WHERE id = %(id)s AND NOT EXISTS (
        SELECT FROM services AS other WHERE other.email_safe_name = %(email_safe_name)s AND other.id <> %(id)s
    )
    RETURNING id
), old_senders AS (
    DELETE FROM service_sms_senders WHERE service_id = (SELECT id FROM service) RETURNING id
), senders AS (
    INSERT INTO service_sms_senders (service_id, id, text, is_default, position)
    SELECT service.id, sender.id, sender.text, sender.is_default, sender.position
    FROM service, (SELECT count(*) FROM old_senders) AS gone,
        unnest(%(sender_ids)s::uuid[], %(sender_texts)s::text[], %(sender_defaults)s::boolean[])
        WITH ORDINALITY AS sender (id, text, is_default, position)
), old_reply_tos AS (
    DELETE FROM service_reply_tos WHERE service_id = (SELECT id FROM service) RETURNING id
), reply_tos AS (
    INSERT INTO service_reply_tos (service_id, id, address, is_default, position)
    SELECT service.id, reply_to.id, reply_to.address, reply_to.is_default, reply_to.position
    FROM service, (SELECT count(*) FROM old_reply_tos) AS gone,
        unnest(%(reply_to_ids)s::uuid[], %(addresses)s::text[], %(reply_to_defaults)s::boolean[])
        WITH ORDINALITY AS reply_to (id, address, is_default, position)
), old_guests AS (
    DELETE FROM service_guest_list WHERE service_id = (SELECT id FROM service) RETURNING recipient
), guests AS (
    INSERT INTO service_guest_list (service_id, recipient)
    SELECT service.id, recipient
    FROM service, (SELECT count(*) FROM old_guests) AS gone, unnest(%(guests)s::text[]) AS recipient
), old_retention AS (
    DELETE FROM service_data_retention WHERE service_id = (SELECT id FROM service) RETURNING channel
), retention AS (
    INSERT INTO service_data_retention (service_id, channel, days)
    SELECT service.id, kept.channel, kept.days
    FROM service, (SELECT count(*) FROM old_retention) AS gone,
        unnest(%(retention_channels)s::text[], %(retention_days)s::smallint[]) AS kept (channel, days)
)
SELECT
    EXISTS (SELECT FROM service) AS saved,
    EXISTS (SELECT FROM services WHERE id = %(id)s) AS known
"""

# Ids come as text: that is what JSON has.
_SELECT = """
SELECT
    id, name, created_at, active, restricted, prefix_sms, permissions, custom_email_sender_name, contact_link,
    rate_limit, sms_limit, email_limit, letter_limit, international_sms_limit, idempotent_references, when_in_doubt,
    organisation_type,
    ARRAY(
        SELECT json_build_array(id, text, is_default)
        FROM service_sms_senders WHERE service_id = services.id ORDER BY position
    ) AS sms_senders,
    ARRAY(
        SELECT json_build_array(id, address, is_default)
        FROM service_reply_tos WHERE service_id = services.id ORDER BY position
    ) AS reply_tos,
    ARRAY(SELECT recipient FROM service_guest_list WHERE service_id = services.id) AS guest_list,
    ARRAY(
        SELECT recipient
        FROM service_members
        JOIN users ON users.id = service_members.user_id,
            unnest(ARRAY[users.normalised_email_address, users.normalised_mobile_number]) AS recipient
        WHERE service_members.service_id = services.id AND recipient IS NOT NULL
    ) AS team,
    ARRAY(
        SELECT json_build_array(channel, days)
        FROM service_data_retention WHERE service_id = services.id ORDER BY channel
    ) AS retention_days
FROM services
"""
_FIND = f"{_SELECT} WHERE id = %(id)s"
_LIST_CALLED = rf"""{_SELECT}
WHERE name = %(name)s
    OR NOT active AND substring(name FROM '^_archived_\d{{4}}-\d\d-\d\d-\d\d:\d\d:\d\d_(.+)$') = %(name)s
ORDER BY name = %(name)s DESC, name COLLATE "C" DESC
"""
_LIST = f'{_SELECT} ORDER BY name COLLATE "C"'


class PostgresServices:
    """Implements `ServiceRepository`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, service: Service) -> None:
        """Store a new service."""
        if self._session.row(_ADD, _parameters(service)) is None:
            raise _taken(service)

    def save(self, service: Service) -> None:
        """Replace the service of that id."""
        row = self._session.row(_SAVE, _parameters(service))
        if row is None or not row.known:
            raise NotFound(f"There is no service with id {service.id}")
        if not row.saved:
            raise _taken(service)

    def list_called(self, name: str) -> list[Service]:
        """Return the service of that name, then those archived under it, the latest first."""
        return [_service(row) for row in self._session.rows(_LIST_CALLED, {"name": name})]

    def find(self, service_id: UUID) -> Service | None:
        """Return the service, or None."""
        row = self._session.row(_FIND, {"id": service_id})
        return None if row is None else _service(row)

    def list_all(self) -> list[Service]:
        """Return every service, by name."""
        return [_service(row) for row in self._session.rows(_LIST, {})]


def _taken(service: Service) -> Conflict:
    return Conflict(f"name: there is a service called {service.name!r} already, or one that reads the same")


def _parameters(service: Service) -> Parameters:
    return {
        "id": service.id,
        "name": service.name,
        "email_safe_name": email_safe(service.name),
        "created_at": service.created_at,
        "active": service.active,
        "restricted": service.restricted,
        "prefix_sms": service.prefix_sms,
        "permissions": sorted(permission.value for permission in service.permissions),
        "custom_email_sender_name": service.custom_email_sender_name,
        "contact_link": service.contact_link,
        "rate_limit": service.rate_limit,
        "idempotent_references": service.idempotent_references,
        "when_in_doubt": service.when_in_doubt.value,
        "organisation_type": None if service.organisation_type is None else service.organisation_type.value,
        **_belongings(service),
    }


def _belongings(service: Service) -> dict[str, Any]:
    """Return what a service has several of, as columns."""
    return {
        "sms_limit": service.limits.sms,
        "email_limit": service.limits.email,
        "letter_limit": service.limits.letter,
        "international_sms_limit": service.limits.international_sms,
        "sender_ids": [sender.id for sender in service.sms_senders],
        "sender_texts": [sender.text for sender in service.sms_senders],
        "sender_defaults": [sender.is_default for sender in service.sms_senders],
        "reply_to_ids": [reply_to.id for reply_to in service.reply_tos],
        "addresses": [reply_to.address for reply_to in service.reply_tos],
        "reply_to_defaults": [reply_to.is_default for reply_to in service.reply_tos],
        "guests": sorted(service.guest_list),
        "retention_channels": [channel.value for channel in service.retention_days],
        "retention_days": list(service.retention_days.values()),
    }


def _service(row: Row) -> Service:
    return Service(
        id=row.id,
        name=row.name,
        created_at=row.created_at,
        active=row.active,
        restricted=row.restricted,
        prefix_sms=row.prefix_sms,
        permissions=frozenset(map(Permission, row.permissions)),
        custom_email_sender_name=row.custom_email_sender_name,
        contact_link=row.contact_link,
        rate_limit=row.rate_limit,
        idempotent_references=row.idempotent_references,
        when_in_doubt=WhenInDoubt(row.when_in_doubt),
        organisation_type=None if row.organisation_type is None else OrganisationType(row.organisation_type),
        limits=MessageLimits(
            sms=row.sms_limit,
            email=row.email_limit,
            letter=row.letter_limit,
            international_sms=row.international_sms_limit,
        ),
        retention_days={Channel(channel): days for channel, days in row.retention_days},
        guest_list=frozenset(row.guest_list),
        team=frozenset(row.team),
        sms_senders=tuple(
            SmsSender(id=UUID(key), text=text, is_default=is_default) for key, text, is_default in row.sms_senders
        ),
        reply_tos=tuple(
            ReplyTo(id=UUID(key), address=address, is_default=is_default)
            for key, address, is_default in row.reply_tos
        ),
    )
