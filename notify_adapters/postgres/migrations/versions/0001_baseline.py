"""The first message: services, keys, templates, notifications with their contents, the outbox, providers.

Months and days are added to the two partitioned tables by partitions.py. Their default partitions make sure that
a message is accepted even when a partition is missing.
"""

from alembic import op

revision = "0001_baseline"
down_revision = None
branch_labels = None
depends_on = None

SERVICES = """
CREATE TABLE services (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    email_safe_name text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    active boolean NOT NULL,
    restricted boolean NOT NULL,
    prefix_sms boolean NOT NULL,
    permissions text[] NOT NULL,
    custom_email_sender_name text,
    contact_link text,
    rate_limit integer NOT NULL,
    sms_limit integer NOT NULL,
    email_limit integer NOT NULL,
    letter_limit integer NOT NULL,
    international_sms_limit integer NOT NULL
);
CREATE TABLE service_sms_senders (
    id uuid PRIMARY KEY,
    service_id uuid NOT NULL REFERENCES services (id),
    position smallint NOT NULL,
    text text NOT NULL,
    is_default boolean NOT NULL,
    UNIQUE (service_id, position)
);
CREATE TABLE service_reply_tos (
    id uuid PRIMARY KEY,
    service_id uuid NOT NULL REFERENCES services (id),
    position smallint NOT NULL,
    address text NOT NULL,
    is_default boolean NOT NULL,
    UNIQUE (service_id, position)
);
CREATE TABLE service_guest_list (
    service_id uuid NOT NULL REFERENCES services (id),
    recipient text NOT NULL,
    PRIMARY KEY (service_id, recipient)
);
CREATE TABLE service_data_retention (
    service_id uuid NOT NULL REFERENCES services (id),
    channel text NOT NULL,
    days smallint NOT NULL,
    PRIMARY KEY (service_id, channel)
);
"""

API_KEYS = """
CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    service_id uuid NOT NULL REFERENCES services (id),
    name text NOT NULL,
    key_type text NOT NULL,
    encrypted_secret bytea NOT NULL,
    secret_fingerprint bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX api_keys_service_id_idx ON api_keys (service_id);
CREATE UNIQUE INDEX api_keys_live_name_key ON api_keys (service_id, name) WHERE revoked_at IS NULL;
"""

TEMPLATES = """
CREATE TABLE templates (
    id uuid PRIMARY KEY,
    version integer NOT NULL,
    service_id uuid NOT NULL REFERENCES services (id),
    name text NOT NULL,
    channel text NOT NULL,
    content text NOT NULL,
    subject text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz,
    archived boolean NOT NULL,
    hidden boolean NOT NULL,
    has_unsubscribe_link boolean NOT NULL
);
CREATE INDEX templates_service_id_idx ON templates (service_id);
CREATE TABLE templates_history (
    id uuid NOT NULL REFERENCES templates (id),
    version integer NOT NULL,
    service_id uuid NOT NULL REFERENCES services (id),
    name text NOT NULL,
    channel text NOT NULL,
    content text NOT NULL,
    subject text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz,
    archived boolean NOT NULL,
    hidden boolean NOT NULL,
    has_unsubscribe_link boolean NOT NULL,
    PRIMARY KEY (id, version)
);
"""

NOTIFICATIONS = """
CREATE TABLE notifications (
    id uuid PRIMARY KEY,
    service_id uuid NOT NULL,
    template_id uuid NOT NULL,
    api_key_id uuid,
    created_at timestamptz NOT NULL,
    updated_at timestamptz,
    sent_at timestamptz,
    leased_until timestamptz,
    expires_on date NOT NULL,
    template_version integer NOT NULL,
    billable_units integer NOT NULL,
    attempts integer NOT NULL,
    rate_multiplier integer,
    international boolean NOT NULL,
    undelivered boolean GENERATED ALWAYS AS (status = 'created'::text) STORED,
    channel text NOT NULL,
    key_type text NOT NULL,
    status text NOT NULL,
    sent_by text,
    country_prefix text,
    reference text
) PARTITION BY RANGE (id);
CREATE INDEX notifications_service_id_id_idx ON notifications (service_id, id);
CREATE INDEX notifications_undelivered_idx ON notifications (id) WHERE undelivered;
CREATE INDEX notifications_reference_idx ON notifications (reference) WHERE reference IS NOT NULL;
CREATE TABLE notifications_default PARTITION OF notifications DEFAULT WITH (fillfactor = 80);

CREATE TABLE notification_contents (
    notification_id uuid NOT NULL,
    expires_on date NOT NULL,
    service_id uuid NOT NULL,
    recipient text NOT NULL,
    normalised_recipient text NOT NULL,
    personalisation bytea NOT NULL,
    client_reference text,
    reply_to_text text,
    one_click_unsubscribe_url text,
    PRIMARY KEY (notification_id, expires_on)
) PARTITION BY RANGE (expires_on);
CREATE TABLE notification_contents_default PARTITION OF notification_contents DEFAULT;
"""

# Rows come and go within a second: vacuumed by count, however large the table has been.
OUTBOX = """
CREATE TABLE outbox (
    id uuid PRIMARY KEY,
    task text NOT NULL,
    queue text NOT NULL,
    subject_id uuid NOT NULL,
    group_id uuid,
    available_at timestamptz NOT NULL,
    hidden_until timestamptz
) WITH (
    fillfactor = 50,
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_insert_threshold = 20000,
    autovacuum_analyze_scale_factor = 0,
    autovacuum_analyze_threshold = 20000,
    autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX outbox_available_at_id_idx ON outbox (available_at, id);
"""

RECEIPTS = """
CREATE TABLE waiting_receipts (
    provider text NOT NULL,
    reference text NOT NULL,
    status text NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (provider, reference, status)
);
CREATE TABLE complaints (
    id uuid PRIMARY KEY,
    notification_id uuid NOT NULL,
    service_id uuid NOT NULL,
    feedback_id text,
    complaint_type text,
    complained_at timestamptz,
    UNIQUE NULLS NOT DISTINCT (notification_id, feedback_id)
);
CREATE INDEX complaints_service_id_idx ON complaints (service_id);
"""

PROVIDERS = """
CREATE TABLE provider_details (
    name text PRIMARY KEY,
    channel text NOT NULL,
    display_name text NOT NULL,
    priority smallint NOT NULL,
    active boolean NOT NULL,
    supports_international boolean NOT NULL
);
INSERT INTO provider_details (name, channel, display_name, priority, active, supports_international) VALUES
    ('mmg', 'sms', 'MMG', 51, true, true),
    ('firetext', 'sms', 'Firetext', 49, true, false),
    ('ses', 'email', 'AWS SES', 10, true, false),
    ('dvla', 'letter', 'DVLA', 50, true, false);
"""

TABLES = (
    "provider_details", "complaints", "waiting_receipts", "outbox", "notification_contents", "notifications",
    "templates_history", "templates", "api_keys", "service_data_retention", "service_guest_list",
    "service_reply_tos", "service_sms_senders", "services",
)


def upgrade() -> None:
    for statements in (SERVICES, API_KEYS, TEMPLATES, NOTIFICATIONS, OUTBOX, RECEIPTS, PROVIDERS):
        op.execute(statements)


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
