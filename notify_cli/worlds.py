"""World files as commands take them in, and what became of one as commands print it."""

from __future__ import annotations

import json
from typing import IO, Any

from notify_core.worlds.applied import Applied, AppliedService, AppliedWorld, Change
from notify_core.worlds.model import World
from notify_core.worlds.read import InvalidWorld, read_world


def load_world(file: IO[str]) -> World:
    """Read a world from an open JSON or YAML file. Raises InvalidWorld, listing all that is wrong with it."""
    try:
        text = file.read()
    except UnicodeDecodeError:
        raise InvalidWorld(["is not a text in UTF-8"]) from None
    return read_world(parse(text, is_yaml=file.name.endswith((".yaml", ".yml"))))


def parse(text: str, *, is_yaml: bool = False) -> object:
    """Return what a JSON or YAML text holds; JSON begins with a brace, unless it is said to be YAML.

    Times come as texts, from either. Raises InvalidWorld with the place where it cannot be understood, or where a
    key is given twice: one of the two would be lost without a word.
    """
    if text.lstrip().startswith("{") and not is_yaml:
        return _parse_json(text)
    return _parse_yaml(text)


def _parse_json(text: str) -> object:
    def mapping(pairs: list[tuple[str, object]]) -> dict[str, object]:
        keys = [key for key, _ in pairs]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise InvalidWorld([f"{twice[0]}: is given twice in one mapping; remove one of them"])
        return dict(pairs)

    try:
        document: object = json.loads(text, object_pairs_hook=mapping)
    except json.JSONDecodeError as error:
        raise InvalidWorld([f"line {error.lineno}, column {error.colno}: {error.msg}"]) from None
    except ValueError:
        raise InvalidWorld(["holds a number of too many digits"]) from None
    except RecursionError:
        raise InvalidWorld(["is nested too deeply"]) from None
    return document


def _parse_yaml(text: str) -> object:
    import yaml

    class Loader(yaml.SafeLoader):
        """Knows neither dates nor the same key twice."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            seen: set[str] = set()
            for key, _ in node.value:
                if key.tag != "tag:yaml.org,2002:merge" and str(key.value) in seen:
                    raise yaml.MarkedYAMLError(problem=f"{key.value} is given twice", problem_mark=key.start_mark)
                seen.add(str(key.value))
            return dict(super().construct_mapping(node, deep=deep))

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    try:
        return yaml.load(text, Loader=Loader)  # noqa: S506 - a safe loader that knows less
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise InvalidWorld([f"{where}{error.problem or error.context}"]) from None
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidWorld([" ".join(str(error).split())]) from None
    except RecursionError:
        raise InvalidWorld(["is nested too deeply"]) from None


def world_document(applied: AppliedWorld, *, rehearsed: bool = False) -> dict[str, Any]:
    """Return every id and key under the file's own names. A rehearsal's new ones are left out: they were not kept."""
    return {
        "users": {address: _document(user, rehearsed) for address, user in applied.users.items()},
        "services": {name: _service(service, rehearsed) for name, service in applied.services.items()},
        "conflicts": list(applied.conflicts),
    }


def _service(service: AppliedService, rehearsed: bool) -> dict[str, Any]:
    return _document(service, rehearsed) | {
        "archived": service.archived,
        "changed_fields": list(service.fields),
        "sms_senders": {text: _document(one, rehearsed) for text, one in service.sms_senders.items()},
        "reply_tos": {address: _document(one, rehearsed) for address, one in service.reply_tos.items()},
        "api_keys": {
            name: _document(key, rehearsed)
            | {
                "type": key.type.value,
                "revoked": key.revoked,
                "api_key": None if _is_imagined(key, rehearsed) else key.combined,
            }
            for name, key in service.api_keys.items()
        },
        "templates": {
            name: _document(template, rehearsed)
            | {"type": template.type.value, "version": template.version, "archived": template.archived}
            for name, template in service.templates.items()
        },
        "received_texts": [_document(text, rehearsed) for text in service.received_texts],
        "callbacks": {
            url: _document(endpoint, rehearsed)
            | {
                "active": endpoint.active,
                "signing_secret": None if _is_imagined(endpoint, rehearsed) else endpoint.signing_secret,
            }
            for url, endpoint in service.callbacks.items()
        },
    }


def _document(one: Applied, rehearsed: bool) -> dict[str, Any]:
    return {
        "id": None if one.id is None or _is_imagined(one, rehearsed) else str(one.id),
        "change": one.change.value,
    }


def _is_imagined(one: Applied, rehearsed: bool) -> bool:
    return rehearsed and one.change is Change.CREATED
