"""The files in `requirements/` pin and hash all that pyproject.toml asks for, and agree with each other."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[3]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
ENTRY = re.compile(
    r"^(?P<pin>[a-z0-9.-]+==[^\s;]+)(?: ; [^\\\n]+)?(?: \\\n    --hash=sha256:[0-9a-f]{64})+$", re.MULTILINE
)


def pins(lock: Path) -> dict[str, set[str]]:
    """Return the versions pinned for each distribution: more than one where interpreters differ."""
    versions: dict[str, set[str]] = defaultdict(set)
    for entry in ENTRY.finditer(lock.read_text(encoding="utf-8")):
        name, _, version = entry["pin"].partition("==")
        versions[name].add(version)
    return versions


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_holds_pinned_and_hashed_versions_and_nothing_else(lock: Path) -> None:
    assert ENTRY.sub("", lock.read_text(encoding="utf-8")).strip() == ""


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_agrees_with_the_one_for_development(lock: Path) -> None:
    everything = pins(ROOT / "requirements" / "development.txt")

    assert {name: found for name, found in pins(lock).items() if not found <= everything.get(name, set())} == {}


def test_what_pyproject_asks_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    development = pins(ROOT / "requirements" / "development.txt")
    server = pins(ROOT / "requirements" / "server.txt")

    assert [wish for wish in all_wishes(project) if not is_met(wish, development)] == []
    assert [wish for wish in server_wishes(project) if not is_met(wish, server)] == []


def server_wishes(project: dict[str, Any]) -> Iterator[Requirement]:
    yield from map(Requirement, project["project"]["dependencies"])
    yield from map(Requirement, project["project"]["optional-dependencies"]["server"])


def all_wishes(project: dict[str, Any]) -> Iterator[Requirement]:
    yield from server_wishes(project)
    yield from map(Requirement, project["project"]["optional-dependencies"]["dev"])
    for group in project["dependency-groups"].values():
        yield from map(Requirement, group)


def is_met(wish: Requirement, lock: dict[str, set[str]]) -> bool:
    if wish.name == "notify":
        return True
    versions = lock.get(canonicalize_name(wish.name), set())
    return bool(versions) and all(wish.specifier.contains(version) for version in versions)
