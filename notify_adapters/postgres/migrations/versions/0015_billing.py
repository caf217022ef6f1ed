"""Rates, allowances, and what each day cost."""

from alembic import op

revision = "0015_billing"
down_revision = "0014_letting_go"
branch_labels = None
depends_on = None

SERVICES = "ALTER TABLE services ADD COLUMN organisation_type text"
LETTERS = "ALTER TABLE notifications ADD COLUMN postage text"

# Pounds, from the London day on; a rate ends where the next one of its kind begins.
RATES = """
CREATE TABLE rates (
    valid_from date PRIMARY KEY,
    rate numeric NOT NULL
);
CREATE TABLE letter_rates (
    postage text NOT NULL,
    sheets smallint NOT NULL,
    valid_from date NOT NULL,
    rate numeric NOT NULL,
    PRIMARY KEY (postage, sheets, valid_from)
);
"""

ALLOWANCES = """
CREATE TABLE default_annual_allowance (
    valid_from_financial_year_start integer NOT NULL,
    organisation_type text,
    allowance integer NOT NULL
);
CREATE UNIQUE INDEX default_annual_allowance_organisation_type_key
    ON default_annual_allowance (organisation_type, valid_from_financial_year_start) NULLS NOT DISTINCT;
CREATE TABLE annual_billing (
    service_id uuid NOT NULL REFERENCES services (id),
    financial_year_start integer NOT NULL,
    free_sms_fragment_limit integer NOT NULL,
    has_custom_allowance boolean NOT NULL,
    high_volume_service_last_year boolean NOT NULL,
    PRIMARY KEY (service_id, financial_year_start)
);
"""

# The key begins with what usage is asked by: a service, and days. A day is deleted from and counted as a whole.
FACTS = """
CREATE TABLE ft_billing (
    bst_date date NOT NULL,
    service_id uuid NOT NULL,
    template_id uuid NOT NULL,
    channel text NOT NULL,
    provider text NOT NULL,
    rate_multiplier integer NOT NULL,
    international boolean NOT NULL,
    postage text NOT NULL,
    sheets integer NOT NULL,
    billable_units bigint NOT NULL,
    notifications_sent bigint NOT NULL,
    PRIMARY KEY (
        service_id, bst_date, template_id, channel, provider, rate_multiplier, international, postage, sheets
    )
);
CREATE INDEX ft_billing_bst_date_idx ON ft_billing (bst_date);
"""

SMS_RATES = """
INSERT INTO rates (valid_from, rate) VALUES
    ('2016-05-18', 0.0165),
    ('2017-04-01', 0.0158),
    ('2021-04-01', 0.0160),
    ('2022-04-01', 0.0161),
    ('2022-05-01', 0.0172),
    ('2023-04-01', 0.0197),
    ('2024-04-01', 0.0227),
    ('2025-04-01', 0.0233),
    ('2026-04-01', 0.024)
"""

# By the number of sheets.
LETTER_RATES = """
INSERT INTO letter_rates (postage, valid_from, sheets, rate)
SELECT postage, valid_from::date, sheets, rate
FROM (VALUES
    ('economy', '2025-04-01', ARRAY[0.59, 0.64, 0.68, 0.73, 0.78]),
    ('economy', '2026-01-05', ARRAY[0.64, 0.69, 0.73, 0.78, 0.82]),
    ('economy', '2026-07-01', ARRAY[0.638, 0.684, 0.724, 0.779, 0.823]),
    ('second', '2025-04-01', ARRAY[0.68, 0.72, 0.77, 0.82, 0.86]),
    ('second', '2026-01-05', ARRAY[0.73, 0.77, 0.82, 0.87, 0.91]),
    ('first', '2025-04-01', ARRAY[1.49, 1.53, 1.57, 1.63, 1.67]),
    ('first', '2026-04-07', ARRAY[1.56, 1.61, 1.66, 1.71, 1.76]),
    ('europe', '2025-02-06', ARRAY[1.56, 1.61, 1.66, 1.71, 1.76]),
    ('europe', '2026-01-05', ARRAY[1.72, 1.77, 1.82, 1.85, 1.90]),
    ('europe', '2026-05-03', ARRAY[1.80, 1.84, 1.88, 1.92, 1.96]),
    ('rest-of-world', '2025-02-06', ARRAY[1.56, 1.61, 1.66, 1.71, 1.76]),
    ('rest-of-world', '2026-01-05', ARRAY[1.72, 1.77, 1.82, 1.85, 1.90]),
    ('rest-of-world', '2026-05-03', ARRAY[1.80, 1.84, 1.88, 1.92, 1.96])
) AS tariff (postage, valid_from, by_sheets), unnest(by_sheets) WITH ORDINALITY AS rates (rate, sheets)
"""

# By financial years from which they hold. NULL is who has not said what they are.
DEFAULT_ALLOWANCES = """
INSERT INTO default_annual_allowance (organisation_type, valid_from_financial_year_start, allowance)
SELECT organisation_type, year, allowance
FROM (VALUES
    (ARRAY['central', 'nhs_central'], ARRAY[250000, 150000, 40000, 40000, 30000, 20000]),
    (ARRAY['local', 'nhs_local', 'emergency_service'], ARRAY[25000, 25000, 20000, 20000, 10000, 10000]),
    (ARRAY['school_or_college', 'other', NULL], ARRAY[25000, 10000, 10000, 10000, 5000, 5000]),
    (ARRAY['nhs_gp'], ARRAY[25000, 10000, 10000, 10000, 0, 0]),
    (ARRAY['nhs_notify'], ARRAY[0, NULL, NULL, NULL, NULL, 0])
) AS defaults (organisation_types, by_year),
    unnest(organisation_types) AS organisation_type,
    unnest(ARRAY[2016, 2021, 2022, 2023, 2024, 2026], by_year) AS allowances (year, allowance)
WHERE allowance IS NOT NULL
"""


def upgrade() -> None:
    for statements in (SERVICES, LETTERS, RATES, ALLOWANCES, FACTS, SMS_RATES, LETTER_RATES, DEFAULT_ALLOWANCES):
        op.execute(statements)


def downgrade() -> None:
    for table in ("ft_billing", "annual_billing", "default_annual_allowance", "letter_rates", "rates"):
        op.execute(f"DROP TABLE {table}")
    op.execute("ALTER TABLE notifications DROP COLUMN postage")
    op.execute("ALTER TABLE services DROP COLUMN organisation_type")
