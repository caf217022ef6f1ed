"""Which days can be counted again: those whose messages are all in the database still."""

from __future__ import annotations

from datetime import date

from notify_core.errors import NotifyError
from notify_core.unit_of_work import UnitOfWork


class FactsArchived(NotifyError):
    """The day's messages are not all there any more: what was counted while they were is all that can be known."""

    code = "facts-archived"

    def __init__(self, day: date, complete_since: date) -> None:
        super().__init__(
            f"{day} cannot be counted again: messages from before {complete_since} have been archived."
            " What was counted of that day stays as it is"
        )


def require_countable(work: UnitOfWork, day: date) -> None:
    """Raise FactsArchived where a count of that London day's messages would come out too low."""
    complete_since = countable_since(work)
    if day < complete_since:
        raise FactsArchived(day, complete_since)


def countable_since(work: UnitOfWork) -> date:
    """Return the first London day that can be counted: the first of all while nothing was archived."""
    return work.archive.facts_complete_since() or date.min
