"""One module per step, numbered; each names the one before it."""
