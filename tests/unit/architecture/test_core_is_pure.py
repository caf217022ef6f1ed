"""The core neither looks at the clock nor throws dice, and needs only the libraries every user has.

`.importlinter` forbids whole modules; here is what a module's name cannot tell: a pure module's impure parts.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CORE = sorted((ROOT / "notify_core").rglob("*.py"))

IMPURE_MODULES = frozenset({"asyncio", "os", "random", "secrets", "socket", "subprocess", "tempfile", "time"})
IMPURE_NAMES = frozenset({"getenv", "environ", "urandom", "urlopen", "uuid1", "uuid4"})
IMPURE_BUILTINS = frozenset({"input", "open", "print"})
CLOCK_READINGS = frozenset({"now", "today", "utcnow"})
CLOCKS = frozenset({"date", "datetime"})


def impurities(source: str) -> list[str]:
    """Return what in a module's source reaches for time, chance, files or the environment, by line."""
    found = sorted(
        (node.lineno, name)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.stmt | ast.expr)
        for name in _impure_names(node)
    )
    return [f"line {line}: {name}" for line, name in found]


def _impure_names(node: ast.stmt | ast.expr) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names if alias.name.partition(".")[0] in IMPURE_MODULES]
        case ast.ImportFrom(module=str(module), level=0, names=names):
            whole = module.partition(".")[0] in IMPURE_MODULES
            return [f"{module}.{alias.name}" for alias in names if whole or alias.name in IMPURE_NAMES]
        case ast.Attribute(attr=name, value=ast.Name(id=owner) | ast.Attribute(attr=owner)):
            reads_clock = name in CLOCK_READINGS and owner in CLOCKS
            return [f"{owner}.{name}"] if reads_clock or name in IMPURE_NAMES else []
        case ast.Call(func=ast.Name(id=name)):
            return [name] if name in IMPURE_BUILTINS else []
        case _:
            return []


@pytest.mark.parametrize("module", CORE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_core_module_gets_time_and_chance_through_ports(module: Path) -> None:
    assert impurities(module.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime\nx = datetime.now()",
        "from datetime import UTC, datetime\nx = datetime.now(tz=UTC)",
        "import datetime\nx = datetime.datetime.utcnow()",
        "from datetime import date\nx = date.today()",
        "from datetime import datetime\nx = datetime.now",
        "import time\nx = time.time()",
        "from time import monotonic",
        "import random",
        "from random import choice",
        "import secrets",
        "from uuid import uuid4\nx = uuid4()",
        "import uuid\nx = uuid.uuid4()",
        "import os\nx = os.environ['HOME']",
        "from os import environ",
        "import os.path",
        "x = open('a-file')",
        "from urllib.request import urlopen",
        "print('hello')",
    ],
)
def test_going_astray_is_noticed(source: str) -> None:
    assert impurities(source) != []


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import UTC, datetime\nx = datetime.fromisoformat('2026-11-21').astimezone(UTC)",
        "from uuid import UUID\nx = UUID(int=7)",
        "def f(clock):\n    return clock()",
        "def f(self):\n    return self.clock.now()",
        "import urllib.parse\nx = urllib.parse.quote('a b')",
        "from datetime import time\nx = time(17, 30)",
        "class Valve:\n    def open(self): ...\nValve().open()",
    ],
)
def test_computing_is_allowed(source: str) -> None:
    assert impurities(source) == []


def test_the_core_imports_only_what_every_user_has_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements = {requirement.partition(">")[0].strip() for requirement in project["dependencies"]}
    allowed = {"notify_core", *requirements, *sys.stdlib_module_names}

    strangers = {
        f"{module.relative_to(ROOT)}: {name}" for module in CORE for name in _imported_packages(module) - allowed
    }

    assert strangers == set()


def _imported_packages(module: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=aliases):
                names.update(alias.name for alias in aliases)
            case ast.ImportFrom(module=str(name), level=0):
                names.add(name)
    return {name.partition(".")[0] for name in names}
