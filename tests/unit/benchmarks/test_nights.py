"""What the measuring of nights lays out, and what it draws."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from benchmarks.nights import BILLING, DROP, FULL, QUICK, STATUS, USAGE, Size, charts, days_of

LAST = date(2026, 11, 20)


@pytest.mark.parametrize("size", [QUICK, FULL], ids=["quick", "full"])
def test_thirty_days_hold_all_messages_and_every_size_that_is_measured(size: Size) -> None:
    days = days_of(size, LAST)
    assert [day.day for day in days] == [LAST - timedelta(days=29 - number) for number in range(30)]
    assert sum(day.messages for day in days) == size.messages
    laid_out = {(day.messages, day.services) for day in days}
    assert laid_out >= {(rows, size.usual_services) for rows in size.rows}
    assert laid_out >= {(size.usual_rows, services) for services in size.services}


def row(what: str, rows: int, services: int, ms: float, limit_ms: float) -> dict[str, Any]:
    return {"what": what, "rows": rows, "services": services, "ms": ms, "limit ms": limit_ms}


def test_growth_with_messages_and_with_services_is_drawn_apart() -> None:
    measured = [
        row(BILLING, 1, 20, 11, 1),
        row(BILLING, 2, 10, 12, 2),
        row(BILLING, 2, 20, 13, 2),
        row(BILLING, 2, 40, 14, 2),
        row(STATUS, 1, 20, 21, 1),
        row(STATUS, 2, 10, 22, 2),
        row(STATUS, 2, 20, 23, 2),
        row(STATUS, 2, 40, 24, 2),
        row(DROP, 5, 0, 7, 100),
        row(DROP, 50, 0, 7.5, 1000),
        row(USAGE, 2, 20, 1, 1),
    ]
    by_messages, by_services, expiry = charts(measured)
    for drawn, lines in (
        (by_messages, ['x-axis "messages" ["1", "2"]', "line [11, 13]", "line [21, 23]", "line [1, 2]"]),
        (by_services, ['x-axis "services" ["10", "20", "40"]', "line [12, 13, 14]", "line [22, 23, 24]"]),
        (expiry, ['x-axis "rows" ["5", "50"]', 'y-axis "ms" 0 --> 1000', "line [100, 1000]", "line [7, 7.5]"]),
    ):
        assert [line for line in lines if line not in drawn] == []
    assert expiry.endswith("At the right, from the top: DELETE, expiry.")
