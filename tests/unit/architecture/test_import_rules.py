"""The import rules of `.importlinter` hold for this tree, and would be noticed if they did not."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import frozen

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("notify_core", "notify_adapters", "notify_web", "notify_worker", "notify_cli")

INWARDS = "Imports point inwards: doors to adapters, adapters to the core"
DOORS_APART = "The doors never import each other"
CORE_IS_PURE = "The core touches nothing outside itself"
MEMORY_NEEDS_NOTHING = "The in-memory adapters need no library of the server"
ADAPTERS_APART = "No adapter knows another; only the assembly knows them all"
DOORS_AND_ASSEMBLY = "Web and worker know only the assembly and the settings"
COMMAND_LINE = "The command line knows the assembly, the settings and the parts it can start"
DOORS_ARE_THIN = "A door reaches the outside only through the core and the assembly"


@frozen
class Verdict:
    """What the linter said: whether all is well, and which imports broke which contract."""

    everything_kept: bool
    output: str

    def imports_breaking(self, contract: str) -> set[str]:
        """Return the imports, as "importer -> imported", listed under the broken contract of that name."""
        _, _, details = self.output.partition("Broken contracts")
        section = re.search(rf"^{re.escape(contract)}\n-+\n(.*?)(?=^-{{3,}}\n|\Z)", details, re.MULTILINE | re.DOTALL)
        return set(re.findall(r"[\w.]+ -> [\w.]+", section.group(1))) if section else set()


def lint_imports(directory: Path) -> Verdict:
    run = "from importlinter.cli import lint_imports_command as run; run()"
    command = [sys.executable, "-c", run, "--config", str(ROOT / ".importlinter"), "--no-cache"]
    finished = subprocess.run(
        command, cwd=directory, capture_output=True, text=True, check=False, env={"COLUMNS": "300"}
    )
    return Verdict(everything_kept=finished.returncode == 0, output=finished.stdout + finished.stderr)


def test_this_tree_keeps_every_rule() -> None:
    verdict = lint_imports(ROOT)

    assert verdict.everything_kept, verdict.output


VIOLATIONS = [
    # the module to plant, what it imports, the contract that must object
    ("notify_core/astray/to_sql", "sqlalchemy", CORE_IS_PURE),
    ("notify_core/astray/to_sql_deeper", "sqlalchemy.orm", CORE_IS_PURE),
    ("notify_core/astray/to_celery", "celery", CORE_IS_PURE),
    ("notify_core/astray/to_redis", "redis", CORE_IS_PURE),
    ("notify_core/astray/to_aws", "boto3", CORE_IS_PURE),
    ("notify_core/astray/to_web", "litestar", CORE_IS_PURE),
    ("notify_core/astray/to_http", "http.client", CORE_IS_PURE),
    ("notify_core/astray/to_sockets", "socket", CORE_IS_PURE),
    ("notify_core/astray/to_programs", "subprocess", CORE_IS_PURE),
    ("notify_core/astray/to_environment", "os", CORE_IS_PURE),
    ("notify_core/astray/to_chance", "random", CORE_IS_PURE),
    ("notify_core/astray/to_adapters", "notify_adapters", INWARDS),
    ("notify_core/astray/to_a_door", "notify_cli", INWARDS),
    ("notify_adapters/astray/to_a_door", "notify_web", INWARDS),
    ("notify_worker/astray_to_web", "notify_web", DOORS_APART),
    ("notify_web/astray_to_command_line", "notify_cli", DOORS_APART),
    ("notify_cli/astray_to_worker", "notify_worker", DOORS_APART),
    ("notify_adapters/memory/astray_to_sql", "sqlalchemy", MEMORY_NEEDS_NOTHING),
    ("notify_adapters/astray/to_another", "notify_adapters.otherwise.part", ADAPTERS_APART),
    ("notify_adapters/http/to_another", "notify_adapters.otherwise", ADAPTERS_APART),
    ("notify_adapters/memory/astray_to_sockets_by_http", "notify_adapters.http", MEMORY_NEEDS_NOTHING),
    ("notify_web/astray_to_adapter", "notify_adapters.otherwise", DOORS_AND_ASSEMBLY),
    ("notify_worker/astray_to_adapter", "notify_adapters.otherwise.part", DOORS_AND_ASSEMBLY),
    ("notify_cli/astray_to_adapter", "notify_adapters.otherwise", COMMAND_LINE),
    ("notify_web/astray_to_database", "psycopg", DOORS_ARE_THIN),
    ("notify_worker/astray_to_redis", "redis", DOORS_ARE_THIN),
]

ALLOWED = [
    ("notify_adapters/assembly", "notify_adapters.otherwise.part"),
    ("notify_web/through_the_assembly", "notify_adapters.assembly"),
    ("notify_worker/through_the_assembly", "notify_adapters.assembly"),
    ("notify_worker/through_the_settings", "notify_adapters.settings"),
    ("notify_cli/starting_parts", "notify_adapters.embedded.part"),
    ("notify_cli/starting_simulators", "notify_adapters.simulators.part"),
    ("notify_adapters/otherwise/to_its_library", "sqlalchemy"),
    ("notify_adapters/otherwise/over_http", "notify_adapters.http"),
]


@pytest.fixture(scope="module")
def astray(tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    """The linter's verdict on a copy of this tree into which every violation was planted."""
    directory = tmp_path_factory.mktemp("astray")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, directory / package, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("astray", "otherwise", "memory", "embedded", "simulators"):
        plant(directory, f"notify_adapters/{part}/part", "attrs")
    plant(directory, "notify_adapters/settings", "attrs")
    for path, imported, *_ in [*VIOLATIONS, *ALLOWED]:
        plant(directory, path, imported)
    return lint_imports(directory)


def plant(directory: Path, path: str, imported: str) -> None:
    module = directory / f"{path}.py"
    module.parent.mkdir(exist_ok=True)
    (module.parent / "__init__.py").touch()
    module.write_text(f"import {imported}\n")


@pytest.mark.parametrize(("path", "imported", "contract"), VIOLATIONS)
def test_going_astray_is_noticed(astray: Verdict, path: str, imported: str, contract: str) -> None:
    assert not astray.everything_kept
    assert any(is_import_of(line, path, imported) for line in astray.imports_breaking(contract)), astray.output


@pytest.mark.parametrize(("path", "imported"), ALLOWED)
def test_what_the_architecture_allows_is_not_objected_to(astray: Verdict, path: str, imported: str) -> None:
    contracts = {contract for _, _, contract in VIOLATIONS}
    objections = {
        contract
        for contract in contracts
        if any(is_import_of(line, path, imported) for line in astray.imports_breaking(contract))
    }

    assert objections == set()


def is_import_of(line: str, path: str, imported: str) -> bool:
    """Tell whether a line is about that import; libraries are named by their top-level module alone."""
    target = imported if imported.startswith("notify_") else imported.partition(".")[0]
    return line == f"{path.replace('/', '.')} -> {target}"
