"""In which order the tests run, and which of them share a process where there are several.

What takes long goes first: a long file that is begun last is waited for by every process that has nothing left to do.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog
from xdist.scheduler import LoadFileScheduling

# Folders whose tests start whole systems or long-running processes, and then what only talks to a database.
_LONGEST_FIRST = (
    "tests/integration/system/python_client",
    "tests/integration/chaos",
    "tests/integration/system",
    "tests/integration/commands",
    "tests/integration/worker",
    "tests/integration/incidents",
    "tests/integration/web",
    "tests/integration",
    "tests/unit",
)
# These use one system, which takes longer to start than any of them to run.
_TOGETHER = (
    "tests/integration/system/python_client/",
    "tests/integration/system/test_node_client.py",
    "tests/integration/system/test_callbacks_arrive.py",
)


@pytest.fixture(autouse=True)
def _nobody_inherits_a_log() -> Iterator[None]:
    """Whoever begins to log writes to what is standard output just then, which is closed when the test is over."""
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the folders in that order; within each, files and tests stay as they were shuffled."""
    items.sort(key=lambda item: _rank(item.nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> _ByFile | None:
    """Give the tests out file by file, in their order, where `--dist=loadfile` asks for files."""
    if config.getoption("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False  # xdist would begin with the files of the most tests, not the longest ones
    return _ByFile(config, log)


class _ByFile(LoadFileScheduling):  # type: ignore[misc]  # xdist does not say that it is typed
    def _split_scope(self, nodeid: str) -> str:
        return _TOGETHER[0] if nodeid.startswith(_TOGETHER) else str(super()._split_scope(nodeid))


def _rank(nodeid: str) -> int:
    ranks = (rank for rank, folder in enumerate(_LONGEST_FIRST) if nodeid.startswith(f"{folder}/"))
    return next(ranks, len(_LONGEST_FIRST))
