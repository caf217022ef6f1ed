"""Runs every line of a corpus as a case of its own.

A corpus is a folder of `*.jsonl` files, each line `{"input": ..., "expected": ..., "why": ...}`. The folder is
named by NOTIFY_CONFORMANCE_DIR; without it, the project's own copy is run. A test says which file it is for:

    @pytest.mark.corpus("fragments")
    def test_fragments(case: Case) -> None:
        case.check(observe(case.given))
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

OWN_CORPUS = Path(__file__).parent / "corpus"


@frozen
class Case:
    """One line of a corpus file. What `expected` does not name is not specified."""

    file: str
    line: int
    given: dict[str, Any]
    expected: dict[str, Any]
    why: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    def check(self, observed: Mapping[str, Any]) -> None:
        """Fail, naming file, line and what differs, unless everything expected was observed."""
        differences = [
            difference
            for name, wanted in self.expected.items()
            for difference in differing(name, wanted, observed.get(name, "(not observed)"))
        ]
        if differences:
            given = json.dumps(self.given, ensure_ascii=False)
            pytest.fail("\n".join([f"{self} ({self.why})", f"given {given[:2000]}", *differences]), pytrace=False)


def differing(name: str, wanted: Any, got: Any) -> list[str]:
    """Return a readable line for each place in which two JSON values differ."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        return [
            line
            for key in {**wanted, **got}
            for line in differing(f"{name}.{key}", wanted.get(key, "(absent)"), got.get(key, "(absent)"))
        ]
    if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        pairs = enumerate(zip(wanted, got, strict=True))
        return [line for index, pair in pairs for line in differing(f"{name}[{index}]", *pair)]
    if wanted == got and isinstance(wanted, bool) == isinstance(got, bool):
        return []
    return [f"{name}:", f"  expected {wanted!r}", f"  observed {got!r}"]


def corpus_folder() -> Path:
    """Return the folder to run. A folder without any corpus file is a mistake, not a success."""
    folder = Path(os.environ.get("NOTIFY_CONFORMANCE_DIR") or OWN_CORPUS)
    if not any(folder.glob("*.jsonl")):
        raise pytest.UsageError(f"NOTIFY_CONFORMANCE_DIR: there is no *.jsonl file in {folder}")
    return folder


def cases_of(name: str) -> list[Case]:
    """Return the cases of one corpus file; none when the folder does not have it."""
    path = corpus_folder() / f"{name}.jsonl"
    if not path.exists():
        return []
    return [
        Case(path.name, number, case["input"], case["expected"], case.get("why", ""))
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1)
        if line.strip()
        for case in [json.loads(line)]
    ]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "corpus(name): run the test for every line of that corpus file")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("corpus")
    if marker is not None:
        metafunc.parametrize("case", cases_of(*marker.args), ids=str)


@pytest.fixture(scope="session")
def files() -> frozenset[str]:
    """The names of the files in the folder that is run, without their suffix."""
    return frozenset(path.stem for path in corpus_folder().glob("*.jsonl"))
