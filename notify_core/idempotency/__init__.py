"""Idempotency: asking again, without knowing what became of the first time, changes nothing and is told the same."""
