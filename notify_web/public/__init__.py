"""The public API: what a service's own programs call."""
