"""One word runs everything: `nox` checks what CI checks, `nox --list` shows what else there is.

Every session works with the interpreter that runs nox, and installs nothing but what `requirements/` pins.
"""

from __future__ import annotations

import os

import nox

nox.needs_version = ">=2025.5"
nox.options.sessions = ["lint", "types", "tests"]
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = True
nox.options.download_python = "never"

# What each file of `requirements/` locks: extras of the project and dependency groups, as in pyproject.toml.
# The first one holds everything, and the others are held to its versions.
LOCKS = {
    "development": [
        "pyproject.toml",
        "--extra=dev",
        *(f"--group={group}" for group in ("tests", "lint", "types", "nox", "build")),
    ],
    # The image plays every part, so it has the archive's library too.
    "server": ["pyproject.toml", "--extra=server", "--extra=archive"],
    "lint": ["--group=lint"],
    "nox": ["--group=nox"],
    "build": ["--group=build"],
}

# For every interpreter and system we support, with a hash for every file, and without any address.
HOW_TO_LOCK = [
    "--quiet",
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--exclude-newer=7 days",
    "--no-header",
    "--no-annotate",
    "--no-emit-index-url",
    "--no-emit-find-links",
]


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting, and that imports keep to the architecture."""
    install_locked(session, "lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly."""
    install_locked(session, "development")
    session.run("mypy", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests, on every core; what follows `--` goes to pytest."""
    install_project(session)
    # File by file: what the tests of a file share is made once.
    # One more than there are cores: tests of whole systems wait for them a good part of their time.
    processes = (os.cpu_count() or 1) + 1
    session.run("pytest", f"--numprocesses={processes}", "--dist=loadfile", *session.posargs)


@nox.session
def demo(session: nox.Session) -> None:
    """Start the whole system on this machine and watch messages being delivered."""
    install_project(session)
    session.run("notify", "demo", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure the rates that docs/performance.md quotes."""
    install_project(session)
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session
def chaos(session: nox.Session) -> None:
    """Kill processes for some 20 minutes while messages are sent, and write the report in docs/reliability.md."""
    install_project(session)
    session.run("python", "-m", "tests.chaos", *session.posargs)


@nox.session
def lock(session: nox.Session) -> None:
    """Write `requirements/` anew from pyproject.toml; `-- --upgrade` moves to the newest versions.

    Only versions that are at least a week old: a release that was tampered with is mostly found by then.
    """
    install_locked(session, "nox")
    for name, sources in LOCKS.items():
        held_to_the_first = [] if name == "development" else ["--constraint=requirements/development.txt"]
        session.run(
            "uv",
            "pip",
            "compile",
            *HOW_TO_LOCK,
            *held_to_the_first,
            *sources,
            f"--output-file=requirements/{name}.txt",
            *session.posargs,
        )


def install_project(session: nox.Session) -> None:
    """Install what is locked, then the tree itself, so that `notify` is a command that runs this tree."""
    install_locked(session, "development")
    session.install("--no-deps", "--no-build-isolation", "--editable", ".")


def install_locked(session: nox.Session, name: str) -> None:
    session.install("--require-hashes", "--requirement", f"requirements/{name}.txt")


# `nox -s tests-3.13` runs the tests on another interpreter, where that one is installed.
for version in ("3.11", "3.12", "3.13"):
    nox.session(name=f"tests-{version}", python=version)(tests)
