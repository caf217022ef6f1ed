"""Unsubscribing: the link of a template's own in its emails, and what comes of following it."""
