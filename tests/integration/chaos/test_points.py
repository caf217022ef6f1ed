"""A point that is armed kills whoever comes to it first, and nobody else."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from tests.chaos.points import DIRECTORY, Fuses, Point

ROOT = Path(__file__).resolve().parents[3]
PASSES = "from tests.chaos.points import Fuses, Point; Fuses.from_environment().reach(Point.{}); print('alive')"


def passes(point: Point, directory: Path) -> subprocess.CompletedProcess[str]:
    """Let a process come to this point."""
    return subprocess.run(
        [sys.executable, "-c", PASSES.format(point.name)],
        env={DIRECTORY: str(directory), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_point_kills_once(tmp_path: Path) -> None:
    fuses = Fuses(tmp_path)
    assert fuses.arm(Point.CLAIMED)
    assert not fuses.arm(Point.CLAIMED), "it is armed already"
    assert passes(Point.RECORDED, tmp_path).stdout == "alive\n"
    assert passes(Point.CLAIMED, tmp_path).returncode == -signal.SIGKILL
    assert passes(Point.CLAIMED, tmp_path).stdout == "alive\n"
    fuses.note("relay killed")
    assert fuses.deaths() == {Point.CLAIMED: 1, "relay killed": 1}


def test_disarmed_nobody_dies(tmp_path: Path) -> None:
    fuses = Fuses(tmp_path)
    fuses.arm(Point.PUBLISHED)
    fuses.disarm()
    assert passes(Point.PUBLISHED, tmp_path).stdout == "alive\n"
    assert fuses.deaths() == {}
