"""Letters and their dates, as the corpus has them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from notify_core.calendar import from_london_time, london_midnight, london_time
from notify_core.content.letter import LetterTemplate
from notify_core.content.letter_timings import (
    DVLA,
    can_be_cancelled,
    letter_timings,
    royal_mail,
    too_late_to_cancel,
)

if TYPE_CHECKING:
    from tests.unit.conformance.conftest import Case


@pytest.mark.corpus("letter_rendering")
def test_letter_rendering(case: Case) -> None:
    case.check(observed_letter(case.given))


def observed_letter(given: dict[str, Any]) -> dict[str, Any]:
    template = LetterTemplate(
        given["subject"],
        given["content"],
        contact_block=given["contact_block"],
        language=given["language"],
        welsh_subject=given.get("letter_welsh_subject"),
        welsh_content=given.get("letter_welsh_content"),
    )
    values = given["values"]
    letter = template.render(values, date=utc(given["date_utc"]), redact_missing=given["redact_missing"])
    too_long = letter.qr_code_too_long
    return {
        "subject": letter.subject,
        "message_html": re.sub("<svg.*?</svg>", "<svg/>", letter.body, flags=re.DOTALL),
        "qr_payloads": list(letter.qr_payloads),
        "qr_error": too_long
        and {"num_bytes": too_long.num_bytes, "max_bytes": too_long.max_bytes, "data": too_long.data},
        "contact_block_html": letter.contact_block,
        "address_lines": list(letter.address.lines),
        "date": letter.date,
        "placeholders": list(template.placeholders),
        "missing": list(template.missing(values)),
        "is_empty": template.is_empty(values),
    }


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def written(moment: datetime, suffix: str = "") -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + suffix


@pytest.mark.corpus("letter_dates")
def test_letter_dates(case: Case) -> None:
    given = dict(case.given)
    case.check(OPERATIONS[given.pop("op")](**given))


def observed_timings(upload_time_utc: str, postage: str, now_utc: str) -> dict[str, Any]:
    timings = letter_timings(utc(upload_time_utc), postage)
    return {
        "printed_by_utc": written(timings.printed_by, "Z"),
        "is_printed": timings.is_printed(utc(now_utc)),
        "earliest_delivery_utc": written(timings.earliest_delivery, "Z"),
        "latest_delivery_utc": written(timings.latest_delivery, "Z"),
    }


def observed_cancelling(status: str, created_at_utc: str, now_utc: str) -> dict[str, Any]:
    return {
        "can_be_cancelled": can_be_cancelled(status, utc(created_at_utc), utc(now_utc)),
        "too_late": too_late_to_cancel(utc(created_at_utc), utc(now_utc)),
    }


def observed_working_day(date: str) -> dict[str, Any]:
    day = datetime.fromisoformat(date).date()
    return {
        "dvla": DVLA.include(day),
        "royal_mail_first": royal_mail("first").include(day),
        "royal_mail_other": royal_mail("second").include(day),
    }


def observed_offset(date: str, days: int, calendar: str) -> dict[str, Any]:
    working_days = DVLA if calendar == "dvla" else royal_mail(calendar)
    return {"date": working_days.after(datetime.fromisoformat(date).date(), days).isoformat()}


def observed_local(utc: str) -> dict[str, Any]:
    local = london_time(datetime.fromisoformat(utc).replace(tzinfo=UTC))
    return {"local": written(local), "aware": local.isoformat()}


def observed_utc(local: str) -> dict[str, Any]:
    return {"utc": written(from_london_time(datetime.fromisoformat(local)))}


def observed_midnight(date: str) -> dict[str, Any]:
    return {"utc": written(london_midnight(datetime.fromisoformat(date).date()))}


OPERATIONS: dict[str, Callable[..., dict[str, Any]]] = {
    "letter_timings": observed_timings,
    "can_be_cancelled": observed_cancelling,
    "is_working_day": observed_working_day,
    "working_day_offset": observed_offset,
    "utc_to_local": observed_local,
    "local_to_utc": observed_utc,
    "london_midnight_in_utc": observed_midnight,
}
