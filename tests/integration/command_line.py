"""Our programs as people type them: each time a process of its own, with the environment and folder it is given.

Most of what a short command takes is importing what it stands on, a second of processor time each time. So a process
that has imported everything is kept, and gives birth to those that run the commands: they share nothing but that.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(
    [
        "tests.integration.command_line",
        "boto3",
        "notify_adapters.assembly",
        "notify_adapters.postgres.migrate",
        "notify_cli.commands.apply",
        "notify_cli.commands.callbacks",
        "notify_cli.commands.jobs",
        "notify_cli.commands.queues",
        "notify_cli.main",
        "rich.console",
        "rich.table",
        "sqlalchemy.dialects.postgresql.psycopg",
    ]
)
_OUTPUT = os.O_WRONLY | os.O_CREAT | os.O_APPEND


def typed(
    *arguments: str,
    environment: Mapping[str, str],
    text: str | None = None,
    module: str = "notify_cli",
    folder: Path | None = None,
    seconds: float = 120,
    fresh: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run `python -m module` with these arguments and nothing but this environment, and return how it ended.

    `text` is its standard input; left out, it has none. `fresh` starts the interpreter anew, as a shell does.
    AssertionError when it prints a traceback, or takes longer.
    """
    with TemporaryDirectory() as name:
        streams = tuple(Path(name) / stream for stream in ("in", "out", "err"))
        streams[0].write_text(text or "", encoding="utf-8")
        run = _fresh if fresh else _forked
        words = tuple(map(str, arguments))  # members of enumerations, too
        code = run(module, words, environment, folder or Path.cwd(), streams, seconds)
        out, err = (stream.read_text(encoding="utf-8") for stream in streams[1:])
    assert code is not None, f"it took longer than {seconds:g} seconds: {out}{err}"
    assert "Traceback" not in err, err
    return subprocess.CompletedProcess(arguments, code, out, err)


def _forked(
    module: str,
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    folder: Path,
    streams: tuple[Path, ...],
    seconds: float,
) -> int | None:
    process = _PROCESSES.Process(target=_become, args=(module, arguments, dict(environment), folder, streams))
    process.start()
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()
        return None
    return process.exitcode


def _become(
    module: str, arguments: tuple[str, ...], environment: dict[str, str], folder: Path, streams: tuple[Path, ...]
) -> None:
    """Turn this process into one that was started like that."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, (path, flags) in enumerate(zip(streams, (os.O_RDONLY, _OUTPUT, _OUTPUT), strict=True)):
        opened = os.open(path, flags)
        os.dup2(opened, number)
        os.close(opened)
    # The one it was born with is closed. Like that of any interpreter, this one has a name, which commands may read.
    stdin = io.FileIO(0, closefd=False)
    stdin.name = "<stdin>"
    sys.stdin = io.TextIOWrapper(io.BufferedReader(stdin), encoding="utf-8")
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _fresh(
    module: str,
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    folder: Path,
    streams: tuple[Path, ...],
    seconds: float,
) -> int | None:
    with streams[0].open() as stdin, streams[1].open("w") as stdout, streams[2].open("w") as stderr:
        try:
            return subprocess.run(
                [sys.executable, "-m", module, *arguments],
                env=dict(environment),
                cwd=folder,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                timeout=seconds,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            return None
