"""Bulk: one request for many messages, each of which is accepted or refused for itself."""
