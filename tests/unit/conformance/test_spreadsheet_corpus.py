"""Spreadsheets of recipients, as the corpus has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pytest

from notify_core.content.email import EmailTemplate
from notify_core.content.letter import LetterTemplate
from notify_core.content.sms import SmsTemplate
from notify_core.recipients.spreadsheet import MOST_ROWS, FileOptions, RecipientFile
from notify_core.recipients.spreadsheet_rows import MessageTemplate, Permissions, Row
from notify_core.vocabulary import Channel

if TYPE_CHECKING:
    from tests.unit.conformance.conftest import Case


@pytest.mark.corpus("recipient_csv")
def test_recipient_csv(case: Case) -> None:
    case.check(observed_file(recipient_file(case.given)))


def recipient_file(given: dict[str, Any]) -> RecipientFile:
    text = given["file"]
    if not isinstance(text, str):
        text = "".join(part * repeat for part, repeat in text)
    template = given["template"]
    return RecipientFile(
        text,
        message_template(template),
        Channel(template["template_type"]),
        file_options(given["options"], template.get("prefix")),
    )


def message_template(given: dict[str, Any]) -> MessageTemplate:
    match given["template_type"]:
        case "sms":
            return SmsTemplate(given["content"])
        case "email":
            return EmailTemplate(given["subject"], given["content"])
        case _:
            return LetterTemplate(given["subject"], given["content"])


def file_options(given: dict[str, Any], prefix: str | None) -> FileOptions:
    return FileOptions(
        permissions=Permissions(
            international_sms=given.get("allow_international_sms", False),
            international_letters=given.get("allow_international_letters", False),
            sms_to_uk_landline=given.get("allow_sms_to_uk_landline", False),
            validate=given.get("should_validate", True),
            validate_phone_number=given.get("should_validate_phone_number", True),
        ),
        guest_list=given.get("guestlist") or (),
        remaining_messages=given.get("remaining_messages"),
        remaining_international_sms=given.get("remaining_international_sms_messages"),
        max_errors_shown=given.get("max_errors_shown", 20),
        max_initial_rows_shown=given.get("max_initial_rows_shown", 10),
        max_rows=given.get("max_rows", MOST_ROWS),
        prefix=prefix,
    )


def observed_file(file: RecipientFile) -> dict[str, Any]:
    findings = file.findings
    return {
        "column_headers": file.column_headers,
        "missing_column_headers": sorted(file.missing_column_headers),
        "duplicate_recipient_column_headers": file.duplicate_recipient_column_headers,
        "has_recipient_columns": file.has_recipient_columns,
        "row_count": file.row_count,
        "too_many_rows": file.too_many_rows,
        "more_rows_than_can_send": file.more_rows_than_can_send,
        "allowed_to_send_to": file.allowed_to_send_to,
        "international_sms_count": file.international_sms_count,
        "more_international_sms_than_can_send": file.more_international_sms_than_can_send,
        "has_errors": file.has_errors,
        "rows_with_errors": indexes(file.rows_with_errors),
        "rows_with_bad_recipients": list(findings.with_bad_recipients),
        "rows_with_missing_data": list(findings.with_missing_data),
        "rows_with_message_too_long": list(findings.with_message_too_long),
        "rows_with_empty_message": list(findings.with_empty_message),
        "rows_with_bad_qr_codes": list(findings.with_bad_qr_codes),
        "displayed_rows": indexes(file.displayed_rows),
        "rows": [None if row is None else observed_row(row) for row in file.rows()],
    }


def indexes(rows: Iterable[Row]) -> list[int]:
    return [row.index for row in rows]


def observed_row(row: Row) -> dict[str, Any]:
    return {
        "index": row.index,
        "recipient": row.recipient,
        "personalisation": dict(row.personalisation),
        "cells": [[key, cell.data, cell.error, cell.ignore] for key, cell in row.cells],
        "has_error": row.has_error,
        "has_bad_recipient": row.has_bad_recipient,
        "has_missing_data": row.has_missing_data,
        "message_too_long": row.message_too_long,
        "message_empty": row.message_empty,
        "qr_code_too_long": row.qr_code_too_long,
    }
