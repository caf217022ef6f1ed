"""The internal API: what the website for the teams asks, in its own forms, and nobody outside."""
