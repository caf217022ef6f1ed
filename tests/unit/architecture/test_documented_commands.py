"""What the documents tell people to type is what CI types, and what they lead to exists."""

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


def test_every_decision_is_in_their_list() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(
        r"^\| \[(\d{4})\]\((\1-[a-z0-9-]+\.md)\) \| (.+) \|$", (folder / "README.md").read_text(), re.MULTILINE
    )
    records = sorted(folder.glob("0*.md"))
    assert [name for _, name, _ in listed] == [record.name for record in records]
    for (number, _, title), record in zip(listed, records, strict=True):
        assert record.read_text(encoding="utf-8").startswith(f"# {int(number)}. {title}\n")


DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_that_there_are(document: Path) -> None:
    links = re.findall(r"\]\(([^)\s#]+)[^)\s]*\)", document.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert missing == []


def test_every_page_about_the_api_is_linked_from_its_first() -> None:
    folder = ROOT / "docs" / "api"
    first = (folder / "README.md").read_text(encoding="utf-8")
    assert [
        page.name for page in folder.glob("*.md") if page.name != "README.md" and f"({page.name})" not in first
    ] == []
