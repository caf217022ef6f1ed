"""What granian runs in each of its processes: `granian --interface asgi --factory notify_web.process:create_app`.

It is apart from the app because loading that takes a second or two.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from litestar.types import ASGIApp


def create_app() -> ASGIApp:
    """Build the app that the environment describes. Raises ConfigurationError.

    Until granian listens for signals in this process, it has those of the process that it was forked from, which
    do nothing here: told to stop while it loads, it would serve on until it is killed. There is nothing to finish
    yet, so it may end at once.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from notify_web import app

    return app.create_app()
