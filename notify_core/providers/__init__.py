"""Providers: the outside companies that carry messages the last mile, and how one is chosen."""
