"""World files as text: JSON or YAML, and where they cannot be understood."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from notify_adapters.memory import MemoryPlatform
from notify_cli.worlds import load_world, parse, world_document
from notify_core.worlds.read import InvalidWorld, read_world, world_schema

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "world.yaml"


def named(text: str, name: str) -> io.StringIO:
    file = io.StringIO(text)
    file.name = name
    return file


def test_yaml_and_json_say_the_same() -> None:
    document = parse(EXAMPLE.read_text(encoding="utf-8"), is_yaml=True)
    assert parse(json.dumps(document)) == document
    assert load_world(named(json.dumps(document), "<stdin>")) == read_world(document)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 2026-11-21T09:30:00Z", {"a": "2026-11-21T09:30:00Z"}),
        ("a: 2026-11-21", {"a": "2026-11-21"}),
        ("{a: 1}", None),
        ("", None),
        ("- &x {a: 1}\n- {<<: *x, b: 2}", [{"a": 1}, {"a": 1, "b": 2}]),
    ],
)
def test_yaml_knows_no_dates(text: str, value: object) -> None:
    if text.startswith("{"):
        assert parse(text, is_yaml=True) == {"a": 1}
        return
    assert parse(text) == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a": 1,\n "a": 2}', "a: is given twice in one mapping; remove one of them"),
        ('{"a": 1,\n', "line 2, column 1: Expecting property name enclosed in double quotes"),
        ("a: 1\nb:\n  c: 1\n  c: 2", "line 4, column 3: c is given twice"),
        ("a: [1", "line 1, column 6: expected ',' or ']', but got '<stream end>'"),
        ("a: !!python/object:os.system x", "line 1, column 4: could not determine a constructor for the tag"),
        ("a: \x07", "unacceptable character #x0007: special characters are not allowed"),
        ('{"a": ' + "1" * 5_000 + "}", "holds a number of too many digits"),
        ("a: " + "1" * 5_000, "Exceeds the limit"),
        ('{"a":' * 100_000, "is nested too deeply"),
        ("[" * 100_000, "is nested too deeply"),
    ],
)
def test_what_cannot_be_understood_is_said_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(InvalidWorld) as refused:
        parse(text)
    [said] = refused.value.problems
    assert said.startswith(problem)


def test_what_is_no_text_is_said(tmp_path: Path) -> None:
    path = tmp_path / "world.yaml"
    path.write_bytes(b"\xff\xfe")
    with path.open(encoding="utf-8") as file, pytest.raises(InvalidWorld, match="is not a text in UTF-8"):
        load_world(file)


def test_a_rehearsals_ids_and_keys_are_not_shown(platform: MemoryPlatform) -> None:
    world = read_world({"services": [{"name": "Bins", "api_keys": [{"name": "k"}]}]})
    rehearsed = world_document(platform.notify.apply_world(world, rehearse=True), rehearsed=True)["services"]["Bins"]
    assert (rehearsed["id"], rehearsed["change"], rehearsed["api_keys"]["k"]["api_key"]) == (None, "created", None)
    applied = world_document(platform.notify.apply_world(world))["services"]["Bins"]
    assert applied["api_keys"]["k"]["api_key"].startswith(f"k-{applied['id']}-")
    again = world_document(platform.notify.apply_world(world, rehearse=True), rehearsed=True)["services"]["Bins"]
    assert again["api_keys"]["k"]["api_key"] == applied["api_keys"]["k"]["api_key"]


def test_the_reference_names_every_field() -> None:
    reference = (EXAMPLE.parents[1] / "world.md").read_text(encoding="utf-8")
    schema = world_schema()
    names = {name for part in (schema, *schema["$defs"].values()) for name in part["properties"]}
    assert {name for name in names if f"`{name}`" not in reference} == set()
