"""Every table of this version. What the migrations make is compared with this, so that the two agree.

The hot tables (notifications, their contents, the outbox) have no foreign keys: checking one locks the row it
points to, and thousands of messages a second point to the same service. What they refer to is never deleted.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
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
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    }
)

MOMENT = DateTime(timezone=True)


def _column(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]], **more: Any) -> Column[object]:
    """Return a column that is never null."""
    return Column(name, kind, nullable=False, **more)


def _id(name: str = "id") -> Column[object]:
    return Column(name, Uuid, primary_key=True)


def _of_service() -> Column[object]:
    return Column("service_id", Uuid, ForeignKey("services.id"), nullable=False)


users = Table(
    "users",
    metadata,
    _id(),
    _column("name", Text),
    _column("email_address", Text),
    _column("normalised_email_address", Text, unique=True),
    Column("mobile_number", Text),
    Column("normalised_mobile_number", Text),
    _column("created_at", MOMENT),
)

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
    _column("idempotent_references", Boolean, server_default=text("false")),
    _column("when_in_doubt", Text, server_default=text("'resend'::text")),
    Column("organisation_type", Text),
)

service_members = Table(
    "service_members",
    metadata,
    Column("service_id", Uuid, ForeignKey("services.id"), primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id"), primary_key=True),
)
Index("service_members_user_id_idx", service_members.c.user_id)

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
        Column(
            "created_by_id",
            Uuid,
            ForeignKey("users.id"),
            nullable=False,
            server_default=text("'6af522d0-2915-4e52-83a3-3690455a5fe6'::uuid"),
        ),
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
    Column("document_download_count", Integer),
    _column("international", Boolean),
    # An index on the status itself would be written anew at each change of it; this changes once.
    Column("undelivered", Boolean, Computed("status = 'created'::text", persisted=True)),
    _column("channel", Text),
    _column("key_type", Text),
    _column("status", Text),
    Column("sent_by", Text),
    Column("country_prefix", Text),
    Column("reference", Text),
    Column("scheduled_for", MOMENT),
    # Of the attempt that is under way. No index may hold what every claim changes: that makes each change cost more.
    Column("attempting_with", Text),
    _column("doubts", SmallInteger, server_default=text("0")),
    Column("in_doubt_until", MOMENT),
    Column("job_id", Uuid),
    Column("job_row_number", Integer),
    Column("postage", Text),
    postgresql_partition_by="RANGE (id)",
)
Index(
    "notifications_service_id_key_type_id_idx",
    notifications.c.service_id,
    notifications.c.key_type,
    notifications.c.id,
)
# Which pages hold which times: rows stand in the order in which they came, those of files too.
Index(
    "notifications_created_at_idx",
    notifications.c.created_at,
    postgresql_using="brin",
    postgresql_with={"autosummarize": "on"},
)
Index("notifications_undelivered_idx", notifications.c.id, postgresql_where=text("undelivered"))
Index("notifications_in_doubt_idx", notifications.c.id, postgresql_where=text("in_doubt_until IS NOT NULL"))
Index("notifications_doubts_idx", notifications.c.id, postgresql_where=text("doubts > 0"))
Index(
    "notifications_reference_idx",
    notifications.c.reference,
    postgresql_where=text("reference IS NOT NULL"),
)
# For the nights. What a row must be like to be in one of these never changes, so that other rows cost nothing.
Index("notifications_test_expires_on_idx", notifications.c.expires_on, postgresql_where=text("key_type = 'test'"))
Index("notifications_letter_expires_on_idx", notifications.c.expires_on, postgresql_where=text("channel = 'letter'"))

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
Index(
    "notification_contents_client_reference_idx",
    notification_contents.c.service_id,
    notification_contents.c.client_reference,
    postgresql_where=text("client_reference IS NOT NULL"),
)

notification_events = Table(
    "notification_events",
    metadata,
    _column("notification_id", Uuid),
    _column("expires_on", Date),
    _column("at", MOMENT),
    _column("kind", Text),
    Column("attempt", Integer),
    Column("provider", Text),
    Column("status", Text),
    Column("detail", Text),
    postgresql_partition_by="RANGE (expires_on)",
)
Index("notification_events_notification_id_idx", notification_events.c.notification_id)

# Not partitioned: a key must be unique whatever day it expires on.
idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("service_id", Uuid, primary_key=True),
    Column("key_hash", LargeBinary, primary_key=True),
    _column("request_hash", LargeBinary),
    _column("created_at", MOMENT),
    Column("in_flight_until", MOMENT),
    Column("answer", LargeBinary),
    _column("expires_on", Date),
)
Index("idempotency_keys_expires_on_idx", idempotency_keys.c.expires_on)

inbound_numbers = Table(
    "inbound_numbers",
    metadata,
    _id(),
    _column("number", Text, unique=True),
    _column("provider", Text),
    Column("service_id", Uuid, ForeignKey("services.id"), unique=True),
    _column("active", Boolean),
)

inbound_sms = Table(
    "inbound_sms",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("expires_on", Date, primary_key=True),
    _column("service_id", Uuid),
    _column("notify_number", Text),
    _column("user_number", Text),
    _column("content", LargeBinary),
    _column("provider", Text),
    Column("provider_reference", Text),
    Column("provider_date", MOMENT),
    _column("created_at", MOMENT),
    UniqueConstraint("provider", "provider_reference", "expires_on"),
    postgresql_partition_by="RANGE (expires_on)",
)
Index("inbound_sms_service_id_id_idx", inbound_sms.c.service_id, inbound_sms.c.id)

unsubscribe_requests = Table(
    "unsubscribe_requests",
    metadata,
    _id(),
    _column("notification_id", Uuid, unique=True),
    _of_service(),
    _column("template_id", Uuid),
    _column("template_version", Integer),
    _column("email_address", Text),
    _column("created_at", MOMENT),
)
Index("unsubscribe_requests_service_id_idx", unsubscribe_requests.c.service_id)
Index("unsubscribe_requests_created_at_idx", unsubscribe_requests.c.created_at)

# What is left of them later. One message can have several: whoever asks again after that is a request again.
unsubscribe_request_history = Table(
    "unsubscribe_request_history",
    metadata,
    _id(),
    _column("notification_id", Uuid),
    _of_service(),
    _column("template_id", Uuid),
    _column("template_version", Integer),
    _column("created_at", MOMENT),
)

# Some columns are only for who calls: the lease, and when somebody was last promised to look after the endpoint.
callback_endpoints = Table(
    "callback_endpoints",
    metadata,
    _id(),
    _of_service(),
    _column("url", Text),
    _column("encrypted_token", LargeBinary),
    _column("encrypted_secrets", LargeBinary),
    _column("kinds", ARRAY(Text)),
    Column("statuses", ARRAY(Text)),
    Column("channels", ARRAY(Text)),
    _column("created_at", MOMENT),
    _column("active", Boolean),
    _column("consecutive_failures", Integer),
    Column("paused_until", MOMENT),
    Column("slow_until", MOMENT),
    Column("leased_until", MOMENT),
    Column("promised_for", MOMENT),
    UniqueConstraint("service_id", "url"),
)

callbacks = Table(
    "callbacks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("expires_on", Date, primary_key=True),
    _column("endpoint_id", Uuid),
    _column("service_id", Uuid),
    _column("kind", Text),
    _column("subject_id", Uuid),
    Column("notification_id", Uuid),
    _column("body", LargeBinary),
    _column("created_at", MOMENT),
    _column("queued_at", MOMENT),
    _column("next_attempt_at", MOMENT),
    _column("attempts", Integer),
    _column("tries", Integer),
    _column("state", Text),
    postgresql_partition_by="RANGE (expires_on)",
)
Index(
    "callbacks_endpoint_id_next_attempt_at_id_idx",
    callbacks.c.endpoint_id,
    callbacks.c.next_attempt_at,
    callbacks.c.id,
    postgresql_where=text("state = 'waiting'"),
)
Index("callbacks_service_id_id_idx", callbacks.c.service_id, callbacks.c.id)

callback_attempts = Table(
    "callback_attempts",
    metadata,
    _column("callback_id", Uuid),
    _column("expires_on", Date),
    _column("number", Integer),
    _column("at", MOMENT),
    Column("status", Integer),
    Column("failure", Text),
    _column("milliseconds", Integer),
    postgresql_partition_by="RANGE (expires_on)",
)
Index("callback_attempts_callback_id_idx", callback_attempts.c.callback_id)
service_contact_lists = Table(
    "service_contact_lists",
    metadata,
    _id(),
    _of_service(),
    _column("original_file_name", Text),
    _column("row_count", Integer),
    _column("channel", Text),
    Column("created_by_id", Uuid, ForeignKey("users.id"), nullable=False),
    _column("created_at", MOMENT),
    Column("archived_at", MOMENT),
)
Index("service_contact_lists_service_id_idx", service_contact_lists.c.service_id)

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
# Lanes, each in the order in which it is taken from. The only index beside the key: accepting writes each of them.
Index(
    "outbox_lanes_idx",
    outbox.c.queue,
    text("coalesce(group_id, '00000000-0000-0000-0000-000000000000'::uuid)"),
    outbox.c.available_at,
    outbox.c.id,
)

# The messages of a job are found by their ids, which are one range for each job: `notifications` needs no index.
jobs = Table(
    "jobs",
    metadata,
    _id(),
    _of_service(),
    Column("template_id", Uuid, ForeignKey("templates.id"), nullable=False),
    _column("template_version", Integer),
    _column("channel", Text),
    _column("original_file_name", Text),
    _column("notification_count", Integer),
    _column("created_at", MOMENT),
    _column("status", Text),
    _column("source", Text),
    Column("created_by_id", Uuid, ForeignKey("users.id")),
    Column("api_key_id", Uuid, ForeignKey("api_keys.id")),
    _column("key_type", Text),
    Column("client_reference", Text),
    Column("sender_id", Uuid),
    Column("contact_list_id", Uuid),
    Column("scheduled_for", MOMENT),
    Column("processing_started", MOMENT),
    Column("processing_finished", MOMENT),
    Column("updated_at", MOMENT),
    _column("archived", Boolean),
    Column("encoding", Text),
    Column("delimiter", Text),
    Column("header", ARRAY(Text)),
    _column("rows_checked", Integer),
    _column("bytes_checked", BigInteger),
    _column("international_count", Integer),
    _column("error_count", Integer),
    _column("errors", JSON),
)
Index("jobs_service_id_created_at_idx", jobs.c.service_id, jobs.c.created_at)
# Those that something is still to be done for: few, however many there were.
Index(
    "jobs_unfinished_idx",
    jobs.c.status,
    postgresql_where=text(
        "status = ANY (ARRAY['scheduled'::text, 'pending'::text, 'in progress'::text, 'finished'::text])"
    ),
)
# Those that have files, or had them lately: what a night looks through for files to remove.
Index("jobs_unarchived_idx", jobs.c.id, postgresql_where=text("NOT archived"))

job_chunks = Table(
    "job_chunks",
    metadata,
    _id(),
    Column("job_id", Uuid, ForeignKey("jobs.id"), nullable=False),
    _column("first_row", Integer),
    _column("row_count", Integer),
    _column("byte_start", BigInteger),
    _column("byte_end", BigInteger),
    Column("done_at", MOMENT),
    _column("accepted", Integer),
    _column("refused", Integer),
    UniqueConstraint("job_id", "first_row"),
)

waiting_receipts = Table(
    "waiting_receipts",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    _column("provider", Text),
    _column("reference", Text),
    _column("status", Text),
    Column("code", Text),
    Column("notification_id", Uuid),
    Column("feedback_id", Text),
    Column("complaint_type", Text),
    Column("complained_at", MOMENT),
    _column("received_at", MOMENT),
    Column("tried_at", MOMENT),
    UniqueConstraint(
        "provider",
        "reference",
        "status",
        "code",
        "feedback_id",
        "notification_id",
        # PostgreSQL's own name is cut off at 63 letters.
        name="waiting_receipts_said_key",
        postgresql_nulls_not_distinct=True,
    ),
)
Index(
    "waiting_receipts_notification_id_idx",
    waiting_receipts.c.notification_id,
    postgresql_where=text("notification_id IS NOT NULL"),
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

# What became of the rows of a request that became no messages.
bulk_rows_apart = Table(
    "bulk_rows_apart",
    metadata,
    Column("job_id", Uuid, primary_key=True),
    Column("row_number", Integer, primary_key=True),
    Column("expires_on", Date, primary_key=True),
    _column("sealed", LargeBinary),
    postgresql_partition_by="RANGE (expires_on)",
)


def _provider_columns() -> list[Column[object]]:
    return [
        _column("channel", Text),
        _column("display_name", Text),
        _column("priority", SmallInteger),
        _column("active", Boolean),
        _column("supports_international", Boolean),
        Column("updated_at", MOMENT),
        Column("created_by_id", Uuid, ForeignKey("users.id")),
        Column("reason", Text),
    ]


# The latest version of each, and every version of each.
provider_details = Table(
    "provider_details",
    metadata,
    Column("name", Text, primary_key=True),
    _column("version", Integer),
    *_provider_columns(),
)
provider_details_history = Table(
    "provider_details_history",
    metadata,
    Column("name", Text, ForeignKey("provider_details.name"), primary_key=True),
    Column("version", Integer, primary_key=True),
    *_provider_columns(),
)

sms_delivery_statistics = Table(
    "sms_delivery_statistics",
    metadata,
    Column("measured_at", MOMENT, primary_key=True),
    Column("provider", Text, primary_key=True),
    _column("judged_1m", Integer),
    _column("late_1m", Integer),
    _column("judged_5m", Integer),
    _column("late_5m", Integer),
    _column("judged_10m", Integer),
    _column("late_10m", Integer),
    _column("errors", Integer),
)

# Pounds, from the London day on; a rate ends where the next one of its kind begins.
rates = Table("rates", metadata, Column("valid_from", Date, primary_key=True), _column("rate", Numeric))
letter_rates = Table(
    "letter_rates",
    metadata,
    Column("postage", Text, primary_key=True),
    Column("sheets", SmallInteger, primary_key=True, autoincrement=False),
    Column("valid_from", Date, primary_key=True),
    _column("rate", Numeric),
)

default_annual_allowance = Table(
    "default_annual_allowance",
    metadata,
    _column("valid_from_financial_year_start", Integer),
    Column("organisation_type", Text),
    _column("allowance", Integer),
)
Index(
    "default_annual_allowance_organisation_type_key",
    default_annual_allowance.c.organisation_type,
    default_annual_allowance.c.valid_from_financial_year_start,
    unique=True,
    postgresql_nulls_not_distinct=True,
)

annual_billing = Table(
    "annual_billing",
    metadata,
    Column("service_id", Uuid, ForeignKey("services.id"), primary_key=True),
    Column("financial_year_start", Integer, primary_key=True, autoincrement=False),
    _column("free_sms_fragment_limit", Integer),
    _column("has_custom_allowance", Boolean),
    _column("high_volume_service_last_year", Boolean),
)

# What was sent on a London day; what it costs is said by the rates. The key begins with what usage is asked by.
ft_billing = Table(
    "ft_billing",
    metadata,
    _column("bst_date", Date),
    _column("service_id", Uuid),
    _column("template_id", Uuid),
    _column("channel", Text),
    _column("provider", Text),
    _column("rate_multiplier", Integer),
    _column("international", Boolean),
    _column("postage", Text),
    _column("sheets", Integer),
    _column("billable_units", BigInteger),
    _column("notifications_sent", BigInteger),
    PrimaryKeyConstraint(
        "service_id",
        "bst_date",
        "template_id",
        "channel",
        "provider",
        "rate_multiplier",
        "international",
        "postage",
        "sheets",
    ),
)
Index("ft_billing_bst_date_idx", ft_billing.c.bst_date)


# Letters without contents whose PDFs are still to be removed, with what names them: their facts may be gone by then.
letter_files_due = Table(
    "letter_files_due",
    metadata,
    _id("notification_id"),
    _column("reference", Text),
    _column("created_at", MOMENT),
    _column("key_type", Text),
    _column("status", Text),
)

# How far what services have was moved to the days of their new settings; small, and nearly always empty.
redatings = Table(
    "redatings",
    metadata,
    _id("service_id"),
    _column("change_id", Uuid),
    _column("stage", Text),
    Column("before", Uuid),
)

ft_notification_status = Table(
    "ft_notification_status",
    metadata,
    Column("bst_date", Date, primary_key=True),
    Column("template_id", Uuid, primary_key=True),
    Column("service_id", Uuid, primary_key=True),
    # The nil UUID where there is none.
    Column("job_id", Uuid, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("key_type", Text, primary_key=True),
    Column("status", Text, primary_key=True),
    _column("notification_count", Integer),
)
Index(
    "ft_notification_status_service_id_bst_date_idx",
    ft_notification_status.c.service_id,
    ft_notification_status.c.bst_date,
)
Index(
    "ft_notification_status_template_id_bst_date_idx",
    ft_notification_status.c.template_id,
    ft_notification_status.c.bst_date,
)

ft_processing_time = Table(
    "ft_processing_time",
    metadata,
    Column("bst_date", Date, primary_key=True),
    _column("messages_total", Integer),
    _column("messages_within_10_secs", Integer),
)

archived_hours = Table(
    "archived_hours",
    metadata,
    Column("month", Date, primary_key=True),
    Column("hour", MOMENT, primary_key=True),
    _column("key", Text, unique=True),
    _column("rows", BigInteger, server_default=text("0")),
    _column("checksum", Numeric, server_default=text("0")),
    _column("changes", Integer, server_default=text("0")),
    Column("fingerprint", Text),
    Column("leased_until", MOMENT),
    Column("uploaded_at", MOMENT),
    Column("verified_at", MOMENT),
    Column("contents_deleted_at", MOMENT),
)
Index("archived_hours_uploaded_at_idx", archived_hours.c.uploaded_at)

archived_months = Table(
    "archived_months",
    metadata,
    Column("month", Date, primary_key=True),
    _column("rows", BigInteger),
    _column("checksum", Numeric),
    Column("facts_until", MOMENT),
    _column("removed_at", MOMENT),
)


def columns_of(table: Table) -> str:
    """Return the names of the table's columns, as a statement lists them, without computed ones."""
    return ", ".join(column.name for column in table.columns if column.computed is None)
