"""The container image: one entrypoint for every part, and a Dockerfile that copies what is there."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ENTRYPOINT = ROOT / "docker" / "entrypoint"
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A directory with a `notify` that only repeats what it was called with."""
    notify = tmp_path / "notify"
    notify.write_text('#!/bin/sh\necho "notify $*"\n')
    notify.chmod(0o755)
    return tmp_path


def start(programs: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run([ENTRYPOINT, *arguments], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("part", ["web", "worker", "beat", "relay", "migrate"])
def test_each_part_is_started_by_its_name(programs: Path, part: str) -> None:
    started = start(programs, part, "--option", "a value")

    assert (started.returncode, started.stdout) == (0, f"notify {part} --option a value\n")


@pytest.mark.parametrize("arguments", [["api"], ["webs"], ["--help"], ["service", "list"], [""]])
def test_an_unknown_part_is_refused_with_the_known_ones(programs: Path, arguments: list[str]) -> None:
    refused = start(programs, *arguments)

    assert (refused.returncode, refused.stdout) == (1, "")
    assert "web, worker, beat, relay" in refused.stderr


def test_no_part_at_all_is_refused(programs: Path) -> None:
    refused = start(programs)

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "Say which part to run: web, worker, beat, relay or migrate.\n"


def copied_from_the_tree() -> list[str]:
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    return [source for copy in copies for source in copy.split()]


def test_the_image_is_built_from_what_is_there_and_not_ignored() -> None:
    admitted = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()

    assert [source for source in copied_from_the_tree() if not (ROOT / source).exists()] == []
    assert [source for source in copied_from_the_tree() if f"!{source}" not in admitted] == []


def test_the_image_holds_every_package_of_the_distribution() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}

    assert packages <= set(copied_from_the_tree())


def test_the_image_does_not_run_as_root() -> None:
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE) == ["notify:notify"]
