"""Read a world from what a JSON or YAML file holds, and say everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from notify_core.errors import NotifyError
from notify_core.worlds.kinds import UNREADABLE, Object, Place
from notify_core.worlds.model import World


class InvalidWorld(NotifyError):
    """A world file will not do. `problems` are all that were found, each beginning with where it is."""

    code = "invalid-world"

    def __init__(self, problems: Sequence[str]) -> None:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"The world will not do:\n{listed}")
        self.problems = tuple(problems)


def read_world(document: object) -> World:
    """Return the world that a file's mappings, lists, texts, numbers and truth values describe.

    Raises InvalidWorld, listing every problem with its path, such as
    `services.0.api_keys.1.type: 'live' is not one of normal, team, test`.
    """
    place = Place()
    world = Object(World).read(document, place)
    for problem_at, problem in (*_strangers(document), *_doubles(document)):
        place.at(problem_at).say(problem)
    if place.problems or world is UNREADABLE:
        raise InvalidWorld(place.problems)
    assert isinstance(world, World)
    return world


def world_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of world files."""
    definitions = Object(World).definitions()
    whole = definitions.pop(World.__name__)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A world for notify apply",
        **whole,
        "$defs": dict(sorted(definitions.items())),
    }


def _strangers(document: object) -> Iterator[tuple[str, str]]:
    """Yield where somebody is named who is not among the users."""
    known = {_address(user.get("email_address")) for _, user in _items(document, "users")}
    for path, address in _named(document):
        if _address(address) not in known:
            yield path, "is not the email_address of any of users; add the person there"


def _named(document: object) -> Iterator[tuple[str, str]]:
    for n, service in _items(document, "services"):
        team = service.get("team")
        for m, member in enumerate(team if isinstance(team, list) else []):
            if isinstance(member, str):
                yield f"services.{n}.team.{m}", member
        for m, template in _items(service, "templates"):
            for k, version in _items(template, "versions"):
                if isinstance(author := version.get("created_by"), str):
                    yield f"services.{n}.templates.{m}.versions.{k}.created_by", author


def _doubles(document: object) -> Iterator[tuple[str, str]]:
    """Yield where an id or a secret is given that was given to something else before."""
    seen: dict[str, str] = {}
    for path, value in _given(document):
        first = seen.setdefault(value.lower(), path)
        if first != path:
            yield path, f"is the same as {first}; each needs one of its own"


def _given(document: object) -> Iterator[tuple[str, str]]:
    for parent, things in _with_ids(document):
        for n, thing in things:
            for key in ("id", "secret"):
                if isinstance(value := thing.get(key), str):
                    yield f"{parent}.{n}.{key}", value


def _with_ids(document: object) -> Iterator[tuple[str, list[tuple[int, Mapping[Any, Any]]]]]:
    yield "users", list(_items(document, "users"))
    services = list(_items(document, "services"))
    yield "services", services
    for n, service in services:
        for key in ("sms_senders", "reply_tos", "api_keys", "templates"):
            yield f"services.{n}.{key}", list(_items(service, key))


def _items(value: object, key: str) -> Iterator[tuple[int, Mapping[Any, Any]]]:
    """Yield the mappings in the list of that name, with their places. Whatever is not so has been said already."""
    several = value.get(key) if isinstance(value, Mapping) else None
    for number, item in enumerate(several if isinstance(several, list) else []):
        if isinstance(item, Mapping):
            yield number, item


def _address(value: object) -> str | None:
    return value.strip().lower() if isinstance(value, str) else None
