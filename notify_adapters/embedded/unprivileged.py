"""Whom to run as when we are root and PostgreSQL refuses to be.

PostgreSQL will not start as root. In containers root is often the only user anybody thought of, so the
server is run as an existing unprivileged account, and that account is given what it needs to reach the
files, and no more: the permission to pass through (not to list) the directories above them.
"""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path

from attrs import frozen

from notify_adapters.embedded.errors import EmbeddedPartError

ACCOUNTS = ("nobody", "postgres", "daemon")


@frozen
class Account:
    """A user and primary group, by number."""

    user: int
    group: int


def account_for(data_dir: Path) -> Account | None:
    """Return whom the server must run as, or None when it can run as we are.

    A data directory that exists already stays with its owner.
    """
    if os.geteuid() != 0:
        return None
    if data_dir.exists() and (owner := data_dir.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedPartError(
        f"PostgreSQL does not run as root, and none of the accounts {', '.join(ACCOUNTS)} exists. "
        f"Start as an ordinary user, or add one of them."
    )


def let_through(account: Account, path: Path) -> None:
    """Let the account pass every directory above `path`.

    Only the search permission is added, and only where it is missing: names in a private directory, such as
    root's home or a test's temporary directory, still cannot be listed.
    """
    for directory in path.resolve().parents:
        if not _may(account, directory, stat.S_IXOTH):
            _add_mode(account, directory, stat.S_IXOTH)


def let_read(account: Account, tree: Path) -> None:
    """Let the account read everything in `tree`, and run what is executable: a strict umask forbids it."""
    for path in (tree, *tree.rglob("*")):
        if path.is_symlink():
            continue
        if not _may(account, path, stat.S_IROTH):
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            _add_mode(account, path, stat.S_IROTH | (stat.S_IXOTH if executable else 0))


def hand_over(account: Account, path: Path) -> None:
    """Make the account the owner of `path`."""
    try:
        os.chown(path, account.user, account.group)
    except OSError as error:
        raise EmbeddedPartError(f"{path} cannot be handed to user {account.user}: {error}.") from error


def _may(account: Account, path: Path, wanted: int) -> bool:
    """Check one permission bit, named as for others (S_IXOTH, S_IROTH), as the kernel would."""
    status = path.stat()
    return bool(status.st_mode & wanted << _class_of(account, status))


def _add_mode(account: Account, path: Path, bits: int) -> None:
    status = path.stat()
    try:
        path.chmod(stat.S_IMODE(status.st_mode) | bits << _class_of(account, status))
    except OSError as error:
        raise EmbeddedPartError(
            f"PostgreSQL runs as an unprivileged user, who cannot reach {path}: "
            f"its permissions cannot be changed: {error}. Choose a data directory that other users may reach."
        ) from error


def _class_of(account: Account, status: os.stat_result) -> int:
    """How far to shift a bit of "others" to the class the kernel looks at: owner, group or others."""
    if status.st_uid == account.user:
        return 6
    return 3 if status.st_gid == account.group else 0
