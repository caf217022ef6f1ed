"""The folder of the corpus itself: nothing in it is passed over in silence."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = Path(__file__).parents[3]


def test_every_file_of_the_folder_has_a_test(files: frozenset[str]) -> None:
    sources = [path.read_text(encoding="utf-8") for path in HERE.glob("test_*_corpus.py")]
    tested = {name for source in sources for name in re.findall(r"mark\.corpus\(\"(\w+)\"\)", source)}

    assert files <= tested


@pytest.mark.parametrize("content", ["a", "wrong"])
def test_another_folder_can_be_run_and_a_failing_case_says_where_it_is(tmp_path: Path, content: str) -> None:
    case = {
        "input": {"content_runs": [[content, 1]], "values": None, "prefix": None},
        "expected": {"character_count": 1},
        "why": "one letter",
    }
    (tmp_path / "fragments.jsonl").write_text("\n" + json.dumps(case))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(HERE / "test_sms_corpus.py")]
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env={"NOTIFY_CONFORMANCE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == (content != "a")
    if content != "a":
        assert "fragments.jsonl:2 (one letter)" in ended.stdout
        assert "expected 1\n  observed 5" in ended.stdout
