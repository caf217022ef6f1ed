"""Templates: what a service writes, with placeholders for what differs from message to message."""
