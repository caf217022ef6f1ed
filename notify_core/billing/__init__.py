"""Billing: what messages cost."""
