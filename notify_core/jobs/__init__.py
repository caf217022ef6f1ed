"""Jobs: many messages from one file, or from one request."""
