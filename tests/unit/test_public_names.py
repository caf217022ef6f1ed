"""What `from notify_core import …` promises is there, and importing the package loads none of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import notify_core


@pytest.mark.parametrize("name", notify_core.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(notify_core, name).__name__ == name


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = notify_core.nonsense


def test_importing_one_module_does_not_load_the_rest() -> None:
    script = "import sys, notify_core.errors; print('phonenumbers' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "False"
