"""What became of messages, counted: by the night and kept, or as it is now."""
