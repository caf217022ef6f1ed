"""`notify providers`: see how the providers do, and decide how much each is used."""

from __future__ import annotations

from typing import Any

import click

from notify_cli.output import json_option, notify_for_command, one_or_all, show
from notify_core.providers.find import Standing
from notify_core.providers.lateness import Figures, Lateness
from notify_core.providers.model import Provider
from notify_core.providers.set import ProviderChange
from notify_core.vocabulary import ProviderName

_NAME = click.Choice([name.value for name in ProviderName])


@click.group("providers")
def providers() -> None:
    """See how the providers do, and decide how much each is used.

    Texts go to the active ones in proportion to their priorities. These change by themselves when a provider is slow
    or fails, and go back in steps of 10 once they have been left alone for 15 minutes. To keep a provider out,
    deactivate it.
    """


@providers.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the providers: how much each is used, how late its texts are, and what was changed last."""
    with notify_for_command() as platform:
        found = platform.notify.list_providers()
    show(
        [_standing(standing) for standing in found],
        as_json=as_json,
        title="Providers",
        columns=("name", "channel", "priority", "active", "share", "late (5 min)", "errors/min", "changed", "why"),
        rows=[_standing_row(standing) for standing in found],
    )


@providers.command("set")
@click.argument("name", type=_NAME)
@click.option("--priority", type=int, help="From 0 to 100: its weight among the active ones.")
@click.option("--activate/--deactivate", "active", default=None, help="Whether it is used at all.")
@click.option("--reason", required=True, help="Why, for who reads the history.")
@click.option("--force", is_flag=True, help="Deactivate it even if nobody is left to carry some messages.")
@json_option
def set_(name: str, priority: int | None, active: bool | None, reason: str, force: bool, as_json: bool) -> None:
    """Change the provider called NAME. Workers follow within ten seconds."""
    change = ProviderChange(name=ProviderName(name), priority=priority, active=active, reason=reason, force=force)
    with notify_for_command() as platform:
        provider = platform.notify.set_provider(change)
    _show_versions([provider], as_json=as_json, one=True)


@providers.command()
@click.argument("name", type=_NAME, required=False)
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many at most.")
@json_option
def history(name: str | None, limit: int, as_json: bool) -> None:
    """Tell what was changed about the provider called NAME, or all of them, and why; the newest first."""
    with notify_for_command() as platform:
        found = platform.notify.find_provider_history(None if name is None else ProviderName(name), limit=limit)
    _show_versions(found, as_json=as_json)


@providers.command()
@click.option("--minutes", type=click.IntRange(1, 7 * 24 * 60), default=15, show_default=True, help="How far back.")
@json_option
def statistics(minutes: int, as_json: bool) -> None:
    """Tell how soon texts were delivered, minute by minute; the newest first.

    Each line is about the texts accepted in the 15 minutes before, and those among them that were with the provider
    for 1, 5 and 10 minutes or more: how many were not delivered in that time. Kept for a week.
    """
    with notify_for_command() as platform:
        found = [one for minute in platform.notify.list_sms_delivery_statistics(minutes=minutes) for one in minute]
    show(
        [_figures(one) for one in found],
        as_json=as_json,
        title="Statistics",
        columns=("minute", "provider", *(f"late ({given} min)" for given in _given(found)), "errors/min"),
        rows=[
            (one.measured_at, one.provider, *(_late(one.within[given]) for given in _given(found)), one.errors)
            for one in found
        ],
    )


def _given(found: list[Figures]) -> list[int]:
    return sorted(found[0].within) if found else []


def _late(lateness: Lateness) -> str:
    return f"{lateness.late} of {lateness.judged}"


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.0%}"


def _standing_row(standing: Standing) -> tuple[object, ...]:
    provider, figures = standing.provider, standing.figures
    return (
        provider.name,
        provider.channel,
        provider.priority,
        provider.active,
        _percent(standing.share),
        None if figures is None else _late(figures.slowness),
        None if figures is None else figures.errors,
        provider.updated_at,
        provider.reason,
    )


def _standing(standing: Standing) -> dict[str, Any]:
    return _version(standing.provider) | {
        "share_of_texts": standing.share,
        "figures": None if standing.figures is None else _figures(standing.figures),
    }


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "measured_at": figures.measured_at,
        "provider": figures.provider,
        "within_minutes": {
            str(minutes): {"judged": lateness.judged, "late": lateness.late}
            for minutes, lateness in sorted(figures.within.items())
        },
        "errors": figures.errors,
    }


def _show_versions(found: list[Provider], *, as_json: bool, one: bool = False) -> None:
    documents = [_version(provider) for provider in found]
    show(
        one_or_all(documents, one=one),
        as_json=as_json,
        title="Providers",
        columns=("name", "version", "priority", "active", "changed", "by", "why"),
        rows=[
            (
                provider.name,
                provider.version,
                provider.priority,
                provider.active,
                provider.updated_at,
                provider.created_by_id,
                provider.reason,
            )
            for provider in found
        ],
    )


def _version(provider: Provider) -> dict[str, Any]:
    return {
        "name": provider.name,
        "channel": provider.channel,
        "display_name": provider.display_name,
        "priority": provider.priority,
        "active": provider.active,
        "supports_international": provider.supports_international,
        "version": provider.version,
        "updated_at": provider.updated_at,
        "created_by": provider.created_by_id,
        "reason": provider.reason,
    }
