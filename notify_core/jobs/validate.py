"""Try a file out: everything that processing would check, and what it would cost, with nothing stored or sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from attrs import evolve, frozen

from notify_core.billing.rates import Tariff
from notify_core.clock import Clock
from notify_core.content import SmsTemplate
from notify_core.directory import Directory
from notify_core.jobs.check import (
    MOST_ERRORS_KEPT,
    RowCheck,
    Sending,
    no_rows,
    sending,
    too_many_rows,
)
from notify_core.jobs.model import RowError
from notify_core.jobs.refusals import LettersNotPossible
from notify_core.jobs.sheet import ReadFrom, SheetFormat, UnusableFile, rows_from, survey
from notify_core.limits.reserve import ReservePlaces
from notify_core.notifications.refusals import ChannelNotPermitted, TemplateDeleted, TemplateNotFound
from notify_core.recipients import parse_phone_number
from notify_core.recipients.spreadsheet import MOST_ROWS
from notify_core.recipients.spreadsheet_rows import Row
from notify_core.vocabulary import Channel, KeyType

_NO_PLACES = "These are more messages than the service may still send today."


@frozen(kw_only=True)
class Assessment:
    """What a job of the file would be. `sheet` is None when it cannot be read at all.

    `fragments` are those of texts, and `pounds` is their price before any free allowance, None where no rate is
    known; of rows that are wrong neither is counted. `errors` are the first ones, `error_count` is all.
    """

    rows: int
    sheet: SheetFormat | None
    errors: tuple[RowError, ...]
    error_count: int
    fragments: int
    pounds: Decimal | None

    @property
    def is_valid(self) -> bool:
        """Whether a job of the file would be sent."""
        return self.error_count == 0


@frozen
class ValidateSpreadsheet:
    """Try a file out for one of a service's templates."""

    directory: Directory
    reserve: ReservePlaces
    clock: Clock

    def __call__(
        self, service_id: UUID, template_id: UUID, size: int, read_from: ReadFrom, *, sender_id: UUID | None = None
    ) -> Assessment:
        """Return what is wrong with the file, and what it would cost. It has `size` bytes.

        What is wrong with the file itself is in the answer. Raises TemplateNotFound, TemplateDeleted,
        LettersNotPossible, ChannelNotPermitted or SenderNotFound. Memory does not grow with the file.
        """
        service = self.directory.service(service_id)
        template = self.directory.template(template_id)
        if service is None or template is None or template.service_id != service_id:
            raise TemplateNotFound
        if template.archived:
            raise TemplateDeleted
        if template.channel is Channel.LETTER:
            raise LettersNotPossible(restricted=service.restricted)
        if not service.may_send(template.channel):
            raise ChannelNotPermitted(template.channel)
        of_all = sending(self.directory, service, template, sender_id)
        found = _assess(of_all, size, read_from, self.directory.tariff(), self.clock())
        if found.is_valid and not self.reserve.would_fit(service, KeyType.NORMAL, template.channel.value, found.rows):
            return evolve(found, errors=(RowError(problem=_NO_PLACES),), error_count=1)
        return found


def _assess(of_all: Sending, size: int, read_from: ReadFrom, tariff: Tariff, now: datetime) -> Assessment:
    sheet = None
    errors: list[RowError] = []
    rows = fragments = units = error_count = 0
    try:
        sheet = survey(size, read_from, of_all.template.channel)
        check = RowCheck(of_all, sheet.header)
        errors = check.of_columns()
        error_count = len(errors)
        fragments_of = _fragments_of(of_all)
        for read in rows_from(sheet, read_from, sheet.body_start) if not errors else ():
            if rows >= MOST_ROWS:
                errors.insert(0, too_many_rows())
                error_count += 1
                break
            row = check.row(rows, read.cells)
            rows += 1
            wrong = check.of_row(row)
            error_count += len(wrong)
            errors += wrong[: max(0, MOST_ERRORS_KEPT - len(errors))]
            if not wrong:
                of_row, billed = fragments_of(row)
                fragments += of_row
                units += billed
        if not rows and not errors:
            errors, error_count = [no_rows()], 1
    except UnusableFile as error:
        errors.insert(0, RowError(problem=error.message))
        error_count += 1
    rate = Decimal(0) if of_all.template.channel is Channel.EMAIL else tariff.of_text_at(now)
    return Assessment(
        rows=rows,
        sheet=sheet,
        errors=tuple(errors),
        error_count=error_count,
        fragments=fragments,
        pounds=None if rate is None else units * rate,
    )


def _fragments_of(of_all: Sending) -> Callable[[Row], tuple[int, int]]:
    """Return what says how many fragments a row's text has, and how many are billed for it."""
    template = of_all.compiled
    if not isinstance(template, SmsTemplate):
        return lambda _: (0, 0)

    def fragments_of(row: Row) -> tuple[int, int]:
        count = template.render(row.personalisation, prefix=of_all.prefix).fragment_count
        return count, count * parse_phone_number(row.recipient).rate_multiplier

    return fragments_of
