"""The steps from an empty database to this version, for Alembic."""
