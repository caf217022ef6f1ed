"""A module is named for what it holds; names that could hold anything are refused."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TREES = ("notify_core", "notify_adapters", "notify_web", "notify_worker", "notify_cli", "tests", "benchmarks")
SAY_NOTHING = frozenset({"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"})


def test_every_module_and_package_says_what_it_holds() -> None:
    vague = [
        str(path.relative_to(ROOT))
        for tree in TREES
        for path in (ROOT / tree).rglob("*")
        if (path.suffix == ".py" or path.is_dir()) and SAY_NOTHING & set(path.stem.split("_"))
    ]

    assert vague == []
