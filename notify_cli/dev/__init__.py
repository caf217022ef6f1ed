"""The whole system on loopback, from wheels alone: what `notify dev` and `notify demo` run.

layout.py      the data directory: its version, lock and secrets
parts.py       every part of the system as a command line and an environment
supervisor.py  starting, watching and stopping the parts
world.py       the demo service with its templates and keys
system.py      all of that together, and what to tell about it
"""
