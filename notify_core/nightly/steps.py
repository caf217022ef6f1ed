"""The steps of a night: which use cases do the work of which entry of the schedule, and in which order.

The order is that of the schedule, for steps build on each other: what waits for receipts is settled before statuses
are counted, and days are counted before anything of them goes.

A task ends in time, and promises the rest. Whoever runs a night waits for its end, and there may be no worker to keep
a promise: so all are given the time that they need.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve

from notify_core.billing.build import NIGHTLY_DAYS
from notify_core.errors import NotifyError
from notify_core.jobs.remove_files import LETTERS, SMS_AND_EMAIL
from notify_core.nightly.model import Done, Piece, Step
from notify_core.retention.model import Applied
from notify_core.statistics.build_facts import LETTER_DAYS, TEXT_AND_EMAIL_DAYS
from notify_core.statistics.processing_time import MEASURED_DAYS
from notify_core.vocabulary import Channel

if TYPE_CHECKING:
    from notify_core.application import Notify

_UNHURRIED = timedelta(days=1)


class StillInUse(NotifyError):
    """Others hold on to days that are to go."""

    code = "still-in-use"

    def __init__(self, days: int) -> None:
        super().__init__(f"{days} days that have expired are in use by others: run it again when they are done")


def steps_of(notify: Notify) -> tuple[Step, ...]:
    """Return the night's steps, done by these use cases."""
    in_batches = evolve(notify.forget_answers.in_batches, at_a_time=_UNHURRIED)
    time_out = evolve(notify.time_out_sending, at_a_time=_UNHURRIED)
    archive_requests = evolve(notify.archive_unsubscribe_requests, in_batches=in_batches)
    archive = evolve(notify.archive_facts, at_a_time=_UNHURRIED)
    remove_texts = evolve(notify.remove_expired_texts, at_a_time=_UNHURRIED)
    forget = evolve(notify.forget_answers, in_batches=in_batches)
    apply_retention = evolve(notify.apply_retention, at_a_time=_UNHURRIED)
    remove_pdfs = evolve(notify.remove_letter_files, at_a_time=_UNHURRIED)
    remove_files = evolve(notify.remove_job_files, in_batches=in_batches)
    return (
        Step(
            name="apply-waiting-receipts",
            about="Apply receipts that could not be applied when they came.",
            pieces=_now(receipts=lambda: _swept(notify)),
        ),
        Step(
            name="timeout-sending-notifications",
            about="Give up on receipts that have not come in three days.",
            pieces=_now(messages=lambda: {"timed out": time_out()}),
        ),
        Step(
            name="archive-unsubscribe-requests",
            about="Forget the addresses of those who unsubscribed 90 days ago.",
            pieces=_now(requests=lambda: {"archived": archive_requests()}),
        ),
        Step(
            name="create-nightly-billing",
            about="Count the last ten days for bills.",
            pieces=lambda ended: _by_day(ended, NIGHTLY_DAYS, lambda day: {"facts": notify.build_billing(day)}),
            heeds_day=True,
        ),
        Step(
            name="create-nightly-notification-status",
            about="Count what became of the messages of the last days: four, and ten of letters.",
            pieces=lambda ended: _statuses(notify, ended),
            heeds_day=True,
        ),
        Step(
            name="deep-archive-notification-history-up-to-limit",
            about="Put facts that are older than a year into files.",
            pieces=_now(hours=lambda: {did.value: count for did, count in archive().items()}),
        ),
        Step(
            name="delete-inbound-sms",
            about="Let received texts go that have expired.",
            pieces=_now(texts=lambda: _let_go(remove_texts())),
        ),
        Step(
            name="save-daily-notification-processing-time",
            about="Measure how soon messages were handed over, for a week.",
            pieces=lambda ended: _by_day(ended, MEASURED_DAYS, lambda day: _measured(notify, day)),
            heeds_day=True,
        ),
        Step(
            name="run-populate-annual-billing",
            about="Give services that have none their free texts of the financial year.",
            pieces=_now(services=lambda: {"allowances": notify.populate_annual_billing()}),
        ),
        Step(
            name="forget-answers",
            about="Forget idempotency keys that have expired.",
            pieces=_now(keys=lambda: {"forgotten": forget()}),
        ),
        Step(
            name="delete-notifications-older-than-retention",
            about="Let go what is personal about messages that have expired.",
            pieces=_now(messages=lambda: _let_go(apply_retention()), letters=lambda: {"PDFs removed": remove_pdfs()}),
        ),
        Step(
            name="remove_sms_email_jobs",
            about="Remove the files of texts and emails whose time is over.",
            pieces=_now(jobs=lambda: {"archived": remove_files(SMS_AND_EMAIL)}),
        ),
        Step(
            name="remove_letter_jobs",
            about="Remove the files of letters whose time is over.",
            pieces=_now(jobs=lambda: {"archived": remove_files(LETTERS)}),
        ),
    )


def _statuses(notify: Notify, ended: date) -> tuple[Piece, ...]:
    """Count all channels of the days on which texts and emails may have changed, and letters of those before."""

    def count(channels: Collection[Channel], day: date) -> Done:
        return {"facts": notify.build_status_facts(day, channels)}

    every_channel = _by_day(ended, TEXT_AND_EMAIL_DAYS, partial(count, tuple(Channel)))
    before = ended - timedelta(days=TEXT_AND_EMAIL_DAYS)
    letters = _by_day(before, LETTER_DAYS - TEXT_AND_EMAIL_DAYS, partial(count, LETTERS))
    return (*every_channel, *(evolve(piece, label=f"{piece.label}, letters") for piece in letters))


def _measured(notify: Notify, day: date) -> Done:
    return {"messages": sum(measured.total for measured in notify.save_processing_time(day))}


def _swept(notify: Notify) -> Done:
    swept = notify.apply_waiting_receipts()
    return {"applied": swept.applied, "left waiting": swept.left, "dropped": swept.dropped}


def _let_go(applied: Applied) -> Done:
    """Raises StillInUse."""
    if applied.held:
        raise StillInUse(len(applied.held))
    return {
        "days": len(applied.dropped),
        "rows beside them": sum(applied.swept.values()),
        "letters kept longer": applied.letters_kept,
        "messages of test keys": applied.test_messages,
    }


def _by_day(ended: date, days: int, do: Callable[[date], Done]) -> tuple[Piece, ...]:
    """Return a piece for each of so many days up to the one that has ended, the latest first."""
    wanted = [ended - timedelta(days=back) for back in range(days)]
    return tuple(Piece(label=str(day), do=partial(do, day)) for day in wanted)


def _now(**work: Callable[[], Done]) -> Callable[[date], tuple[Piece, ...]]:
    """Return the pieces, by their labels, of a step that does what there is to do, whatever day it is of."""
    return lambda _: tuple(Piece(label=label, do=do) for label, do in work.items())
