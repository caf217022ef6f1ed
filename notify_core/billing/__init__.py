"""Billing: what messages cost, how many are free, and what a service used in a year."""
