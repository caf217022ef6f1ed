"""What the whole public API needs: schedules, timelines, remembered answers, team members, received texts.

Two more tables are kept by the day they expire on, so that they go as the contents of messages do: the events of a
message's timeline, and received texts.
"""

from alembic import op

revision = "0002_public_api"
down_revision = "0001_baseline"
branch_labels = None
depends_on = None

# The platform's own user: who writes what no person wrote.
USERS = """
CREATE TABLE users (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    email_address text NOT NULL,
    normalised_email_address text NOT NULL UNIQUE,
    mobile_number text,
    normalised_mobile_number text,
    created_at timestamptz NOT NULL
);
INSERT INTO users (id, name, email_address, normalised_email_address, created_at) VALUES (
    '6af522d0-2915-4e52-83a3-3690455a5fe6', 'Notify user', 'notify-service-user@digital.cabinet-office',
    'notify-service-user@digital.cabinet-office', '2016-01-01 00:00:00+00'
);
CREATE TABLE service_members (
    service_id uuid NOT NULL REFERENCES services (id),
    user_id uuid NOT NULL REFERENCES users (id),
    PRIMARY KEY (service_id, user_id)
);
CREATE INDEX service_members_user_id_idx ON service_members (user_id);
"""

SERVICES = """
ALTER TABLE services ADD COLUMN idempotent_references boolean NOT NULL DEFAULT false;
ALTER TABLE templates ADD COLUMN created_by_id uuid NOT NULL DEFAULT '6af522d0-2915-4e52-83a3-3690455a5fe6'
    REFERENCES users (id);
ALTER TABLE templates_history ADD COLUMN created_by_id uuid NOT NULL DEFAULT '6af522d0-2915-4e52-83a3-3690455a5fe6'
    REFERENCES users (id);
"""

# Lists are of one kind of key, newest first.
NOTIFICATIONS = """
ALTER TABLE notifications ADD COLUMN scheduled_for timestamptz;
DROP INDEX notifications_service_id_id_idx;
CREATE INDEX notifications_service_id_key_type_id_idx ON notifications (service_id, key_type, id);
CREATE INDEX notification_contents_client_reference_idx ON notification_contents (service_id, client_reference)
    WHERE client_reference IS NOT NULL;

CREATE TABLE notification_events (
    notification_id uuid NOT NULL,
    expires_on date NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    attempt integer,
    provider text,
    status text,
    detail text
) PARTITION BY RANGE (expires_on);
CREATE INDEX notification_events_notification_id_idx ON notification_events (notification_id);
CREATE TABLE notification_events_default PARTITION OF notification_events DEFAULT;
"""

# Not partitioned: a key must be unique whatever day it expires on. Keys and requests are kept as hashes, answers sealed.
IDEMPOTENCY_KEYS = """
CREATE TABLE idempotency_keys (
    service_id uuid NOT NULL,
    key_hash bytea NOT NULL,
    request_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    in_flight_until timestamptz,
    answer bytea,
    expires_on date NOT NULL,
    PRIMARY KEY (service_id, key_hash)
);
CREATE INDEX idempotency_keys_expires_on_idx ON idempotency_keys (expires_on);
"""

INBOUND = """
CREATE TABLE inbound_numbers (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    provider text NOT NULL,
    service_id uuid UNIQUE REFERENCES services (id),
    active boolean NOT NULL
);
CREATE TABLE inbound_sms (
    id uuid NOT NULL,
    expires_on date NOT NULL,
    service_id uuid NOT NULL,
    notify_number text NOT NULL,
    user_number text NOT NULL,
    content bytea NOT NULL,
    provider text NOT NULL,
    provider_reference text,
    provider_date timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (id, expires_on),
    UNIQUE (provider, provider_reference, expires_on)
) PARTITION BY RANGE (expires_on);
CREATE INDEX inbound_sms_service_id_id_idx ON inbound_sms (service_id, id);
CREATE TABLE inbound_sms_default PARTITION OF inbound_sms DEFAULT;
"""

UNSUBSCRIBE_REQUESTS = """
CREATE TABLE unsubscribe_requests (
    id uuid PRIMARY KEY,
    notification_id uuid NOT NULL UNIQUE,
    service_id uuid NOT NULL REFERENCES services (id),
    template_id uuid NOT NULL,
    template_version integer NOT NULL,
    email_address text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX unsubscribe_requests_service_id_idx ON unsubscribe_requests (service_id);
"""


def upgrade() -> None:
    for statements in (USERS, SERVICES, NOTIFICATIONS, IDEMPOTENCY_KEYS, INBOUND, UNSUBSCRIBE_REQUESTS):
        op.execute(statements)


def downgrade() -> None:
    for table in (
        "unsubscribe_requests", "inbound_sms", "inbound_numbers", "idempotency_keys", "notification_events",
    ):
        op.execute(f"DROP TABLE {table}")
    op.execute("""
        DROP INDEX notification_contents_client_reference_idx;
        DROP INDEX notifications_service_id_key_type_id_idx;
        CREATE INDEX notifications_service_id_id_idx ON notifications (service_id, id);
        ALTER TABLE notifications DROP COLUMN scheduled_for;
        ALTER TABLE templates_history DROP COLUMN created_by_id;
        ALTER TABLE templates DROP COLUMN created_by_id;
        ALTER TABLE services DROP COLUMN idempotent_references;
        DROP TABLE service_members;
        DROP TABLE users;
    """)
