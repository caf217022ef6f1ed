"""Trying a file out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from notify_core.jobs.validate import Assessment
from notify_core.notifications.refusals import TemplateNotFound
from tests.unit.jobs.conftest import Office

LATE = 'phone number,name\nx,A\n07700900001,"B\n07700900002,C\n'


def assess(office: Office, content: str, **more: Any) -> Assessment:
    data = content.encode()
    template_id = more.pop("template_id", office.town.sms.id)
    return office.platform.notify.validate_spreadsheet(
        office.town.service.id, template_id, len(data), lambda start: [data[start:]], **more
    )


def test_a_good_file_has_counts_and_a_price(office: Office) -> None:
    long_name = "x" * 200
    found = assess(office, f"phone number,name\n07700900001,A\n07700900002,{long_name}\n+33612345678,C\n")
    assert found.is_valid
    assert (found.rows, found.fragments) == (3, 4)
    assert found.pounds is not None
    # One text of one fragment, one of two, and one to France, which costs a multiple.
    assert found.pounds > 4 * Decimal("0.024")
    assert found.sheet is not None
    assert found.sheet.header == ("phone number", "name")
    assert office.texts == []


def test_emails_cost_nothing(office: Office) -> None:
    found = assess(office, "email address,name\njo@example.com,Jo\n", template_id=office.town.email.id)
    assert (found.rows, found.fragments, found.pounds) == (1, 0, Decimal(0))


def test_errors_are_told_by_row_and_column(office: Office) -> None:
    found = assess(office, "phone number,name\n07700900001,\nx,A\n07700900001,B\n")
    assert not found.is_valid
    assert [(error.row, error.column) for error in found.errors] == [(0, "name"), (1, "phone number")]
    assert (found.rows, found.fragments) == (3, 1)


@pytest.mark.parametrize("content", ["", "phone number,name\n", "a,b\n1,2\n", 'phone number,name\n07700900001,"x'])
def test_a_file_that_will_not_do_says_why(office: Office, content: str) -> None:
    found = assess(office, content)
    assert not found.is_valid
    assert all(error.problem for error in found.errors)


def test_what_processing_says_is_what_validating_said(office: Office) -> None:
    for content in ("phone number,name\n07700900001,\n", "a;b\n1;2\n", "", "phone number,name\n,A\n\nx,B\n", LATE):
        assert office.send(content).errors == assess(office, content).errors


def test_a_template_must_be_the_services(office: Office) -> None:
    with pytest.raises(TemplateNotFound):
        assess(office, "phone number\n", template_id=uuid4())
