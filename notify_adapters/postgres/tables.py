"""Every table of this version. What the migrations make is compared with this, so that the two agree.

The hot tables (notifications, their contents, the outbox) have no foreign keys: checking one locks the row it
points to, and thousands of messages a second point to the same service. What they refer to is never deleted.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    }
)

MOMENT = DateTime(timezone=True)


def _column(name: str, kind: object, **more: object) -> Column[object]:
    """Return a column that is never null."""
    return Column(name, kind, nullable=False, **more)  # type: ignore[arg-type]


def _id(name: str = "id") -> Column[object]:
    return Column(name, Uuid, primary_key=True)


def _of_service() -> Column[object]:
    return Column("service_id", Uuid, ForeignKey("services.id"), nullable=False)


services = Table(
    "services",
    metadata,
    _id(),
    _column("name", Text),
    # What email addresses are made of: two services may not share it.
    _column("email_safe_name", Text, unique=True),
    _column("created_at", MOMENT),
    _column("active", Boolean),
    _column("restricted", Boolean),
    _column("prefix_sms", Boolean),
    _column("permissions", ARRAY(Text)),
    Column("custom_email_sender_name", Text),
    Column("contact_link", Text),
    _column("rate_limit", Integer),
    _column("sms_limit", Integer),
    _column("email_limit", Integer),
    _column("letter_limit", Integer),
    _column("international_sms_limit", Integer),
)

service_sms_senders = Table(
    "service_sms_senders",
    metadata,
    _id(),
    _of_service(),
    _column("position", SmallInteger),
    _column("text", Text),
    _column("is_default", Boolean),
    UniqueConstraint("service_id", "position"),
)

service_reply_tos = Table(
    "service_reply_tos",
    metadata,
    _id(),
    _of_service(),
    _column("position", SmallInteger),
    _column("address", Text),
    _column("is_default", Boolean),
    UniqueConstraint("service_id", "position"),
)

service_guest_list = Table(
    "service_guest_list",
    metadata,
    Column("service_id", Uuid, ForeignKey("services.id"), primary_key=True),
    Column("recipient", Text, primary_key=True),
)

service_data_retention = Table(
    "service_data_retention",
    metadata,
    Column("service_id", Uuid, ForeignKey("services.id"), primary_key=True),
    Column("channel", Text, primary_key=True),
    _column("days", SmallInteger),
)

api_keys = Table(
    "api_keys",
    metadata,
    _id(),
    _of_service(),
    _column("name", Text),
    _column("key_type", Text),
    _column("encrypted_secret", LargeBinary),
    _column("secret_fingerprint", LargeBinary, unique=True),
    _column("created_at", MOMENT),
    Column("revoked_at", MOMENT),
)
Index("api_keys_service_id_idx", api_keys.c.service_id)
Index(
    "api_keys_live_name_key",
    api_keys.c.service_id,
    api_keys.c.name,
    unique=True,
    postgresql_where=text("revoked_at IS NULL"),
)


def _template_columns() -> list[Column[object]]:
    return [
        _of_service(),
        _column("name", Text),
        _column("channel", Text),
        _column("content", Text),
        Column("subject", Text),
        _column("created_at", MOMENT),
        Column("updated_at", MOMENT),
        _column("archived", Boolean),
        _column("hidden", Boolean),
        _column("has_unsubscribe_link", Boolean),
    ]


# The latest version of each, and every version of each.
templates = Table("templates", metadata, _id(), _column("version", Integer), *_template_columns())
Index("templates_service_id_idx", templates.c.service_id)
templates_history = Table(
    "templates_history",
    metadata,
    Column("id", Uuid, ForeignKey("templates.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    *_template_columns(),
)

notifications = Table(
    "notifications",
    metadata,
    _id(),
    _column("service_id", Uuid),
    _column("template_id", Uuid),
    Column("api_key_id", Uuid),
    _column("created_at", MOMENT),
    Column("updated_at", MOMENT),
    Column("sent_at", MOMENT),
    Column("leased_until", MOMENT),
    _column("expires_on", Date),
    _column("template_version", Integer),
    _column("billable_units", Integer),
    _column("attempts", Integer),
    Column("rate_multiplier", Integer),
    _column("international", Boolean),
    # An index on the status itself would be written anew at each change of it; this changes once.
    Column("undelivered", Boolean, Computed("status = 'created'::text", persisted=True)),
    _column("channel", Text),
    _column("key_type", Text),
    _column("status", Text),
    Column("sent_by", Text),
    Column("country_prefix", Text),
    Column("reference", Text),
    postgresql_partition_by="RANGE (id)",
)
Index("notifications_service_id_id_idx", notifications.c.service_id, notifications.c.id)
Index("notifications_undelivered_idx", notifications.c.id, postgresql_where=text("undelivered"))
Index(
    "notifications_reference_idx",
    notifications.c.reference,
    postgresql_where=text("reference IS NOT NULL"),
)

notification_contents = Table(
    "notification_contents",
    metadata,
    Column("notification_id", Uuid, primary_key=True),
    Column("expires_on", Date, primary_key=True),
    _column("service_id", Uuid),
    _column("recipient", Text),
    _column("normalised_recipient", Text),
    _column("personalisation", LargeBinary),
    Column("client_reference", Text),
    Column("reply_to_text", Text),
    Column("one_click_unsubscribe_url", Text),
    postgresql_partition_by="RANGE (expires_on)",
)

outbox = Table(
    "outbox",
    metadata,
    _id(),
    _column("task", Text),
    _column("queue", Text),
    _column("subject_id", Uuid),
    Column("group_id", Uuid),
    _column("available_at", MOMENT),
    Column("hidden_until", MOMENT),
)
Index("outbox_available_at_id_idx", outbox.c.available_at, outbox.c.id)

waiting_receipts = Table(
    "waiting_receipts",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("reference", Text, primary_key=True),
    Column("status", Text, primary_key=True),
    _column("received_at", MOMENT),
)

complaints = Table(
    "complaints",
    metadata,
    _id(),
    _column("notification_id", Uuid),
    _column("service_id", Uuid),
    Column("feedback_id", Text),
    Column("complaint_type", Text),
    Column("complained_at", MOMENT),
    UniqueConstraint("notification_id", "feedback_id", postgresql_nulls_not_distinct=True),
)
Index("complaints_service_id_idx", complaints.c.service_id)

provider_details = Table(
    "provider_details",
    metadata,
    Column("name", Text, primary_key=True),
    _column("channel", Text),
    _column("display_name", Text),
    _column("priority", SmallInteger),
    _column("active", Boolean),
    _column("supports_international", Boolean),
)


def columns_of(table: Table) -> str:
    """Return the names of the table's columns, as a statement lists them, without computed ones."""
    return ", ".join(column.name for column in table.columns if column.computed is None)
