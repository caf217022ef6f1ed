"""Adapters: the outside world, in the core's words. One sub-package (or module) for each thing outside."""
