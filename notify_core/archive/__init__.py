"""Facts that are older than a year: written to files, checked, and only then removed."""
