"""Callbacks to services, and what became of each.

Callbacks and the calls made for them hold what is personal, or tell of it: they are kept by the day they expire on.
"""

from alembic import op

revision = "0006_callbacks"
down_revision = "0005_receipts"
branch_labels = None
depends_on = None

ENDPOINTS = """
CREATE TABLE callback_endpoints (
    id uuid PRIMARY KEY,
    service_id uuid NOT NULL REFERENCES services (id),
    url text NOT NULL,
    encrypted_token bytea NOT NULL,
    encrypted_secrets bytea NOT NULL,
    kinds text[] NOT NULL,
    statuses text[],
    channels text[],
    created_at timestamptz NOT NULL,
    active boolean NOT NULL,
    consecutive_failures integer NOT NULL,
    paused_until timestamptz,
    slow_until timestamptz,
    leased_until timestamptz,
    promised_for timestamptz,
    UNIQUE (service_id, url)
);
"""

CALLBACKS = """
CREATE TABLE callbacks (
    id uuid NOT NULL,
    expires_on date NOT NULL,
    endpoint_id uuid NOT NULL,
    service_id uuid NOT NULL,
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    notification_id uuid,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL,
    queued_at timestamptz NOT NULL,
    next_attempt_at timestamptz NOT NULL,
    attempts integer NOT NULL,
    tries integer NOT NULL,
    state text NOT NULL,
    PRIMARY KEY (id, expires_on)
) PARTITION BY RANGE (expires_on);
CREATE INDEX callbacks_endpoint_id_next_attempt_at_id_idx ON callbacks (endpoint_id, next_attempt_at, id)
    WHERE state = 'waiting';
CREATE INDEX callbacks_service_id_id_idx ON callbacks (service_id, id);
CREATE TABLE callbacks_default PARTITION OF callbacks DEFAULT;
"""

ATTEMPTS = """
CREATE TABLE callback_attempts (
    callback_id uuid NOT NULL,
    expires_on date NOT NULL,
    number integer NOT NULL,
    at timestamptz NOT NULL,
    status integer,
    failure text,
    milliseconds integer NOT NULL
) PARTITION BY RANGE (expires_on);
CREATE INDEX callback_attempts_callback_id_idx ON callback_attempts (callback_id);
CREATE TABLE callback_attempts_default PARTITION OF callback_attempts DEFAULT;
"""


def upgrade() -> None:
    for statements in (ENDPOINTS, CALLBACKS, ATTEMPTS):
        op.execute(statements)


def downgrade() -> None:
    for table in ("callback_attempts", "callbacks", "callback_endpoints"):
        op.execute(f"DROP TABLE {table}")
