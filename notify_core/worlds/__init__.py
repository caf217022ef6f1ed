"""Worlds: services with all that is theirs, described in a file and brought about as often as one likes."""
