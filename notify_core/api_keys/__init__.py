"""API keys: how a service's programs prove who they are."""
