"""The `notify` command: what operators and developers type."""
