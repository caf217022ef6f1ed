"""What is committed works anywhere: it names no package index and no directory of somebody's machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

PACKAGE_INDEX = re.compile(r"(?:pypi|pythonhosted|npmjs|anaconda)\.(?:org|com|dev)|(?:index-url|find-links)[ =]")
SOMEBODYS_MACHINE = re.compile(r"(?<![\w.~}/-])/(?:root|work|home/\w+|Users/\w+)/\w")


def committed_files() -> list[Path]:
    """Return the files that git keeps; outside a clone, nothing can be said."""
    listing = ["git", "ls-files", "-z"]
    try:
        names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this tree is not a git clone")
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def occurrences(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in committed_files()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_file_names_a_package_index() -> None:
    assert occurrences(PACKAGE_INDEX) == []


def test_no_file_names_a_directory_of_somebodys_machine() -> None:
    assert occurrences(SOMEBODYS_MACHINE) == []


@pytest.mark.parametrize("line", [".".join(["files", "pythonhosted", "org"]), "pip install --index" + "-url X"])
def test_a_package_index_is_noticed(line: str) -> None:
    assert PACKAGE_INDEX.search(line)


@pytest.mark.parametrize("line", ["cd /home" + "/someone/notify", "'/root" + "/notify/x'", "(/Users" + "/a/b)"])
def test_a_directory_of_somebodys_machine_is_noticed(line: str) -> None:
    assert SOMEBODYS_MACHINE.search(line)


@pytest.mark.parametrize(
    "line", ["GET /v2/work" + "/1", "https://example.org/home" + "/page/1", "docs/home" + "/page/x"]
)
def test_paths_of_addresses_and_of_this_tree_are_not_objected_to(line: str) -> None:
    assert not SOMEBODYS_MACHINE.search(line)
