"""Read the query of a request, and write the links that lead to the next page."""

from __future__ import annotations

import codecs
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

from notify_web.ports import HttpRequest, root_url
from notify_web.public.schema import Schema, parse

Query = Mapping[str, Sequence[str]]
"""The values of each parameter, in the order in which they were first named."""

# What stands for itself in a link, as in those that clients already know.
_LITERAL = "!$'()*,/:;?@"


def _keep_encoded(error: UnicodeError) -> tuple[str, int]:
    """Decode bytes that are no UTF-8 to what stands for them in an address."""
    wrong = cast("UnicodeDecodeError", error)
    return "".join(f"%{byte:02X}" for byte in wrong.object[wrong.start : wrong.end]), wrong.end


codecs.register_error("notify.keep_encoded", _keep_encoded)


def read_query(request: HttpRequest) -> dict[str, list[str]]:
    """Return the values of each parameter. Whatever bytes there are, they are readable.

    A parameter without a value has an empty one; bytes that are no UTF-8 stay encoded.
    """
    text = request.scope["query_string"].decode("utf-8", "notify.keep_encoded")
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, errors="notify.keep_encoded"):
        query.setdefault(name, []).append(value)
    return query


def parse_query(table: Schema, query: Query, now: datetime, many: Collection[str] = ()) -> dict[str, Any]:
    """Check a query against a table, and return the parameters given, read. Raises InvalidRequest.

    Of what may not be given `many` times, the first counts.
    """
    return parse(table, {name: values if name in many else values[0] for name, values in query.items()}, now)


def link(request: HttpRequest, query: Query) -> str:
    """Return the absolute address of this page with another query."""
    address = f"{root_url(request)}{request.scope['path']}"
    encoded = urlencode([(name, value) for name, values in query.items() for value in values], safe=_LITERAL)
    return f"{address}?{encoded}" if encoded else address


def links(request: HttpRequest, query: Query, last_id: object | None, *, shown: Query) -> dict[str, str]:
    """Return the links of a page: to itself with the query `shown`, and to the next one unless it was empty.

    `last_id` is of the last item on the page, or None when there is none.
    """
    found = {"current": link(request, shown)}
    if last_id is not None:
        found["next"] = link(request, {**query, "older_than": [str(last_id)]})
    return found
