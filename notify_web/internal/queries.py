"""Read the queries of the internal API, and write the links of its numbered pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from litestar.exceptions import NotFoundException

from notify_core.vocabulary import Channel
from notify_web.internal.refusals import Refused
from notify_web.ports import HttpRequest
from notify_web.public.queries import Query

PAGE_SIZE = 50
LARGEST_PAGE = 5000
# Far beyond any list, and small enough for every number that is made of it.
_LAST_PAGE = 10**9
_YES = frozenset(form for word in ("y", "yes", "t", "true", "on", "1") for form in (word, word.title(), word.upper()))


def first(query: Query, name: str) -> str | None:
    """Return what a parameter was given first, or None."""
    return query[name][0] if name in query else None


def flag(query: Query, name: str) -> bool:
    """Return whether a parameter says yes, in one of the usual ways."""
    return first(query, name) in _YES


def whole_number(query: Query, name: str, wrong: str) -> int | None:
    """Return a number of 0 or more, or None where none was given. Raises Refused with the sentence `wrong`."""
    text = first(query, name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and int(text) <= _LAST_PAGE):
        raise Refused(400, {name: [wrong.format(text)]})
    return int(text)


def page_number(query: Query) -> int:
    """Return which page is asked for, from 1. Raises Refused."""
    number = whole_number(query, "page", "Not a positive integer")
    if number == 0:
        raise Refused(400, {"page": ["Not a positive integer"]})
    return number or 1


def page_size(query: Query) -> int:
    """Return how much is asked to be on a page. Raises Refused."""
    number = whole_number(query, "page_size", "Not a positive integer")
    if number == 0:
        raise Refused(400, {"page_size": ["Not a positive integer"]})
    if number is not None and number > LARGEST_PAGE:
        raise Refused(400, {"page_size": [f"Must be at most {LARGEST_PAGE}"]})
    return number or PAGE_SIZE


def channels(query: Query) -> frozenset[Channel] | None:
    """Return the kinds of messages asked for, None for all. Raises Refused."""
    words = query.get("template_type")
    if not words:
        return None
    wrong: dict[str, Mapping[str, Sequence[str]]] = {
        str(index): {"template_type": ["Must be one of: sms, email, letter."]}
        for index, word in enumerate(words)
        if word not in set(Channel)
    }
    if wrong:
        raise Refused(400, {"template_type": wrong})
    return frozenset(map(Channel, words))


def page_links(
    request: HttpRequest, query: Query, *, page: int, size: int, total: int, empty: bool
) -> Mapping[str, str]:
    """Return the links to other pages, each where there is one. Raises NotFoundException beyond the last page."""
    if empty and page > 1:
        raise NotFoundException
    last = max(1, -(-total // size))
    links = {"prev": _link(request, query, page - 1)} if page > 1 else {}
    if page < last:
        links |= {"next": _link(request, query, page + 1), "last": _link(request, query, last)}
    return links


def _link(request: HttpRequest, query: Query, page: int) -> str:
    """Return the address of another page, from the root of the API on. Of each parameter the first value counts."""
    others = {name: values[0] for name, values in query.items() if name != "page"}
    return f"{quote(request.scope['path'])}?{urlencode({'page': str(page)} | others)}"
