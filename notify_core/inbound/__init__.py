"""Texts that people send to services."""
