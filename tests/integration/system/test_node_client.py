"""The official Node client, unmodified, through all of its calls: its tests are in `tests/integration/node/`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from notify_cli.dev.system import DevSystem

TESTS = Path(__file__).resolve().parents[1] / "node"
OLDEST_NODE = 20
SUBJECTS = ("constructing", "files", "reading", "received_texts", "refusals", "sending", "templates")


def run(argv: list[str], directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command, and return how it ended with all that it printed."""
    return subprocess.run(
        argv,
        cwd=directory,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def program(name: str) -> str:
    """Return where node or npm is."""
    found = shutil.which(name)
    assert found, (
        f"{name} is not on PATH: to test the official Node client, install Node.js {OLDEST_NODE} or newer, with npm."
    )
    return found


@pytest.fixture(scope="session")
def node() -> str:
    """A node that is new enough."""
    found = program("node")
    version = run([found, "--version"], TESTS).stdout.strip()
    major = re.match(r"v(\d+)\.", version)
    assert major, f"{found} --version says {version!r}."
    assert int(major[1]) >= OLDEST_NODE, f"{found} is {version}: install Node.js {OLDEST_NODE} or newer, with npm."
    return found


@pytest.fixture(scope="session")
def project(node: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tests where what they need is installed, as locked, once for all of them."""
    copy = tmp_path_factory.mktemp("node") / "project"
    shutil.copytree(TESTS, copy, ignore=shutil.ignore_patterns("node_modules"))
    installed = run([program("npm"), "ci", "--ignore-scripts", "--prefer-offline", "--loglevel=error"], copy)
    assert installed.returncode == 0, f"npm ci failed:\n{installed.stdout}"
    return copy


@pytest.fixture(scope="session")
def ready_file(system: DevSystem, many_sent: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tests read addresses, ids and keys, as the README tells those who write their own."""
    path = tmp_path_factory.mktemp("ready") / "ready.json"
    system.write_ready_file(path)
    return path


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_node_client_passes_its_tests(node: str, project: Path, ready_file: Path, subject: str) -> None:
    tests = project / f"{subject}.test.js"
    ran = run(
        [node, "--test", "--test-reporter=spec", str(tests)],
        project,
        NOTIFY_READY_FILE=str(ready_file),
        # What this machine may have for the world outside is not for loopback.
        NO_PROXY="127.0.0.1",
        no_proxy="127.0.0.1",
    )
    if ran.returncode != 0:
        pytest.fail(f"node --test {tests.name}\n{ran.stdout}", pytrace=False)
    counts = dict(re.findall(r"^\S+ (tests|pass|skipped|todo) (\d+)$", ran.stdout, re.MULTILINE))
    written = len(re.findall(r"^test\(", tests.read_text(encoding="utf-8"), re.MULTILINE))
    expected = {"tests": str(written), "pass": str(written), "skipped": "0", "todo": "0"}
    assert counts == expected, f"not every test of {tests.name} was run:\n{ran.stdout}"


def test_no_subject_is_left_out() -> None:
    assert sorted(path.name for path in TESTS.glob("*.test.js")) == [f"{subject}.test.js" for subject in SUBJECTS]


def test_what_is_installed_is_locked_by_hash_and_without_addresses() -> None:
    lock = (TESTS / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') == lock.count('"node_modules/') > 0
