"""A request's ids go with the calls made on its behalf, from whichever thread."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from structlog.contextvars import bound_contextvars

from notify_adapters.system import Threads
from notify_adapters.tracing import trace_headers


@pytest.fixture
def threads() -> Iterator[Threads]:
    made = Threads(3)
    yield made
    made.close()


@pytest.mark.parametrize("calls", [1, 5])
def test_calls_are_spans_below_the_requests_own(threads: Threads, calls: int) -> None:
    with bound_contextvars(trace_id="t", span_id="s"):
        carried = threads(lambda _: trace_headers(), range(calls))
    assert {(one["X-B3-TraceId"], one["X-B3-ParentSpanId"]) for one in carried} == {("t", "s")}
    assert len({one["X-B3-SpanId"] for one in carried}) == calls


def test_outside_of_a_request_there_is_nothing_to_carry(threads: Threads) -> None:
    with bound_contextvars(trace_id="t"):
        assert "X-B3-ParentSpanId" not in trace_headers()
        threads(lambda _: trace_headers(), range(5))
    assert threads(lambda _: trace_headers(), range(5)) == [{}] * 5
