"""The `notify` command and how it ends: a sentence and an exit code, never a traceback."""

from __future__ import annotations

import importlib
import os
import sys
import traceback

import click

from notify_adapters.embedded.errors import EmbeddedPartError
from notify_cli.exit_codes import ExitCode
from notify_core.errors import ConfigurationError, NotFound, NotifyError
from notify_core.files.ports import FilesUnavailable
from notify_core.outbox.ports import QueuesUnavailable
from notify_core.unit_of_work import DatabaseUnavailable

# Where each command lives. They are imported when they are called, so that `notify --help` is quick.
_COMMANDS = {
    "allowance": "notify_cli.commands.usage:allowance",
    "api-key": "notify_cli.commands.api_keys:api_keys",
    "apply": "notify_cli.commands.apply:apply",
    "archive": "notify_cli.commands.archive:archive",
    "beat": "notify_cli.commands.serve:beat",
    "billing": "notify_cli.commands.usage:billing",
    "callbacks": "notify_cli.commands.callbacks:callbacks",
    "check": "notify_cli.commands.check:check",
    "contact-list": "notify_cli.commands.contact_lists:contact_lists",
    "demo": "notify_cli.commands.demo:demo",
    "dev": "notify_cli.commands.dev:dev",
    "job": "notify_cli.commands.jobs:jobs",
    "migrate": "notify_cli.commands.migrate:migrate",
    "nightly": "notify_cli.commands.nightly:nightly",
    "partitions": "notify_cli.commands.partitions:partitions",
    "providers": "notify_cli.commands.providers:providers",
    "queues": "notify_cli.commands.queues:queues",
    "rates": "notify_cli.commands.rates:rates",
    "relay": "notify_cli.commands.relay:relay",
    "retention": "notify_cli.commands.retention:retention",
    "service": "notify_cli.commands.services:services",
    "settings": "notify_cli.commands.settings:settings",
    "stats": "notify_cli.commands.statistics:statistics",
    "status": "notify_cli.commands.status:status",
    "template": "notify_cli.commands.templates:templates",
    "usage": "notify_cli.commands.usage:usage",
    "web": "notify_cli.commands.serve:web",
    "worker": "notify_cli.commands.serve:worker",
}


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click passes it
        where = _COMMANDS.get(cmd_name)
        if where is None:
            return None
        module, _, name = where.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="notify")
def notify() -> None:
    """Send SMS and email for many services, and keep at it until they arrive.

    \b
    Try it:           notify demo
    Develop with it:  notify dev
    Operate it:       notify migrate, queues create, then web, worker, relay and beat; notify status, providers,
                      check, retention, partitions, nightly run
    Look at it:       notify stats, archive list
    Set it up:        notify service create, api-key create, template create; notify apply
    Send to many:     notify job create, show, report; contact-list create
    Bill for it:      notify usage, allowance show, rates list

    Settings come from the environment; `notify settings` lists them. Every command that prints something a
    script could want takes --json. Exit codes: 0 done, 1 unexpected, 2 usage, 3 settings, 4 not found,
    5 refused, 6 database or files unavailable, 7 a part of `dev` failed, 8 not delivered, 9 unhealthy,
    10 a part of the night failed.
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


def main() -> None:
    """Run the command line and exit with one of ExitCode."""
    try:
        result = notify.main(standalone_mode=False)
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(ExitCode.INTERRUPTED)
    except (NotifyError, DatabaseUnavailable, QueuesUnavailable, FilesUnavailable) as error:
        sys.stderr.write(f"{_sentence(error)}\n")
        sys.exit(_code_of(error))
    except Exception as error:  # noqa: BLE001 - the last resort: a sentence, and details for who asks for them
        sys.stderr.write(f"Unexpected {type(error).__name__}. Set NOTIFY_TRACEBACK=1 to see where.\n")
        if os.environ.get("NOTIFY_TRACEBACK") == "1":
            traceback.print_exc()
        sys.exit(ExitCode.UNEXPECTED)
    sys.exit(result if isinstance(result, int) else ExitCode.OK)


def _sentence(error: Exception) -> str:
    if isinstance(error, DatabaseUnavailable):
        return "The database does not answer. Is it running, and is SQLALCHEMY_DATABASE_URI right?"
    if isinstance(error, FilesUnavailable):
        return f"Files cannot be reached: {error}"
    return str(error)


def _code_of(error: Exception) -> ExitCode:
    if isinstance(error, ConfigurationError):
        return ExitCode.CONFIGURATION
    if isinstance(error, NotFound):
        return ExitCode.NOT_FOUND
    if isinstance(error, DatabaseUnavailable | FilesUnavailable):
        return ExitCode.UNAVAILABLE
    if isinstance(error, EmbeddedPartError):
        return ExitCode.PART_FAILED
    if isinstance(error, QueuesUnavailable):
        return ExitCode.UNHEALTHY
    return ExitCode.REFUSED
