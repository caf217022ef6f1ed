"""Every example in a docstring of the core is true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import notify_core


def _modules() -> list[str]:
    found = pkgutil.walk_packages(notify_core.__path__, "notify_core.")
    return sorted(module.name for module in found)


@pytest.mark.parametrize("name", _modules())
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS).failed == 0
