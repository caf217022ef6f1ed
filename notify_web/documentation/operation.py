"""How a handler is described, right where it is written.

    @get(
        "/v2/things/{thing_id:str}",
        sync_to_thread=True,
        described=Operation(
            "Get one thing",
            "Any key of the service will do.",
            parameters=(Parameter("thing_id", uuid, "The thing's id."),),
            answers={200: Returns("The thing.", Thing, examples.THING)},
            errors=(InvalidRequest("thing_id is not a valid UUID"), NotFound("no such thing")),
        ),
    )

What all operations share is added to each: authentication, bodies that cannot be read, a database that is down.
Nothing here is looked at before somebody asks for the description.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import UnionType
from typing import Literal

from attrs import Factory, frozen

from notify_web.public.schema import Rule, Schema


@frozen
class Parameter:
    """A part of the path, or of the query where the path has none of that name, or a header where `place` says so.

    With an `example`, as it is written in a request, it is part of the command that shows how to ask.
    """

    name: str
    rule: Rule
    about: str
    example: str | None = None
    many: bool = False
    place: Literal["header"] | None = None


def parameters_of(table: Schema, many: Collection[str] = (), **examples: str) -> tuple[Parameter, ...]:
    """Return the parameters of a query, by the table that it is checked against. Those in `many` may be repeated."""
    return tuple(
        Parameter(
            field.name,
            Rule(field.check.check, field.check.described["items"]) if field.name in many else field.check,
            field.about,
            examples.get(field.name),
            many=field.name in many,
        )
        for field in table.fields
    )


@frozen
class Body:
    """The JSON that is to be sent, by the table that it is checked against."""

    schema: Schema
    example: Mapping[str, object]
    required: bool = True


@frozen
class Returns:
    """An answer. `shape` is the TypedDict that its presenter returns, or `str` for what is not JSON.

    `headers` are the names of its own headers: what they hold is told in `headers.py`.

    `leads_to` names operations that the answer is a way to, by their handlers, with the parameters to ask them
    with: OpenAPI's runtime expressions, such as `$response.body#/id`.
    """

    about: str
    shape: type | UnionType
    example: object = None
    media_type: str = "application/json"
    headers: Sequence[str] = ()
    leads_to: Mapping[str, Mapping[str, str]] = Factory(dict)


@frozen
class Operation:
    """What a handler does, for those who call it.

    `errors` are what it raises itself, each as it might be raised: class, text and headers of the answer are found
    out from them as they are when it happens. `about` may use the Markdown of `prose.py`.
    """

    summary: str
    about: str
    answers: Mapping[int, Returns]
    body: Body | None = None
    parameters: Sequence[Parameter] = ()
    errors: Sequence[Exception] = ()
    group: str = "Messages"

    def __deepcopy__(self, _: object) -> Operation:
        """Return it as it is: Litestar copies handlers with all they carry, and nothing of this ever changes."""
        return self


@frozen
class Unlisted:
    """Why a handler is left out of the description."""

    reason: str
