"""The HTTP door: parse, authenticate, call one use case, present."""
