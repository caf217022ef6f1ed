"""The work of a night: its steps in their order, and all of them done at once."""
