"""Notifications: the messages themselves, from acceptance to their end."""
