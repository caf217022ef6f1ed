"""`python -m notify_cli` is `notify`."""

from notify_cli.main import main

main()
