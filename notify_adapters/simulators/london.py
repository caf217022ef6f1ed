"""The time of day as the SMS providers write it: London's, without saying so."""

from __future__ import annotations

import time
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def london_now() -> str:
    """Return the present as `2016-07-05 17:01:07`, London time."""
    return _written(int(time.time()))


@lru_cache(maxsize=4)
def _written(second: int) -> str:
    return datetime.fromtimestamp(second, LONDON).strftime("%Y-%m-%d %H:%M:%S")
