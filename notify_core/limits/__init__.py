"""Limits: how much a service may ask for, by the minute and by the day."""
