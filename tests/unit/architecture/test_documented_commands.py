"""What the documents tell people to type is what CI types, and exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def test_ci_runs_the_command_that_the_readme_tells() -> None:
    *_, command = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()

    assert command in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_session_that_is_mentioned_exists(document: str) -> None:
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    sessions = set(re.findall(r"^@nox\.session\ndef (\w+)", noxfile, re.MULTILINE))
    mentioned = re.findall(r"nox (?:-\w )*-s ([\w]+)", (ROOT / document).read_text(encoding="utf-8"))

    assert set(mentioned) <= sessions
