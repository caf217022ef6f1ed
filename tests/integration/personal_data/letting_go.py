"""The nights that let go of personal data, all at once, on a day long after."""

from __future__ import annotations

from notify_adapters.assembly import Platform


def let_go(platform: Platform) -> None:
    """Do all nightly work that removes something."""
    notify = platform.notify
    notify.apply_retention()
    notify.remove_expired_texts()
    notify.remove_letter_files()
    notify.archive_unsubscribe_requests()
    notify.remove_job_files()
    notify.forget_answers()
    notify.apply_waiting_receipts()
