"""Start one simulator: `python -m notify_adapters.simulators mmg --port P --receipts-url URL`."""

from __future__ import annotations

import sys

from notify_adapters.simulators.command_line import main

if __name__ == "__main__":
    sys.exit(main())
