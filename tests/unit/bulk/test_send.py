"""Bulks without a door in front: as another Python project sends them."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from notify_core import BulkRequest, BulkRow, KeyType, SentBulk
from notify_core.bulk import send as send_bulk
from notify_core.bulk.check import CheckedRows, check_texts
from notify_core.limits.admit import DailyLimitExceeded
from notify_core.notifications.refusals import SenderNotFound, TemplateNotFound
from notify_core.services.model import MessageLimits
from tests.unit.conftest import Town, make_town

NUMBERS = ("07700 900120", "07700 900121", "0770", "07700 900000")


def send(town: Town, numbers: Sequence[str] = NUMBERS, **more: Any) -> SentBulk:
    rows = [BulkRow(recipient=number, personalisation={"name": "Jo"}) for number in numbers]
    asked: dict[str, Any] = {"key": town.keys[KeyType.NORMAL], "template_id": town.sms.id, "rows": lambda _: rows}
    return town.platform.notify.send_bulk(BulkRequest(**asked | more))


def test_rows_are_answered_with_ids_or_with_what_is_wrong(town: Town) -> None:
    sent = send(town)
    assert (sent.accepted, sent.refused, sent.template) == (3, 1, town.sms)
    assert [isinstance(answer, UUID) for answer in sent.answers()] == [True, True, False, True]
    problems = list(sent.answers())[2]
    assert isinstance(problems, tuple)
    assert [(problem.error, problem.message) for problem in problems] == [("too_short", "Mobile number is too short")]
    assert next(sent.answers()) == sent.job.row_id(0)
    town.platform.run()
    assert [text.recipient for text in town.platform.phones.sent] == ["447700900120", "447700900121"]


def test_what_it_says_of_itself_tells_nothing_personal(town: Town) -> None:
    sent = send(town, reference="for Jo")
    shown = repr(sent) + repr(BulkRow(recipient="07700 900120", reference="for Jo", personalisation={"name": "Jo"}))
    assert "900120" not in shown
    assert "for Jo" not in shown
    assert "'Jo'" not in shown


def test_a_message_says_which_row_of_which_job_it_is(town: Town) -> None:
    sent = send(town)
    second = list(sent.answers())[1]
    assert isinstance(second, UUID)
    facts = town.platform.notify.find_notification(town.service.id, second).notification
    assert (facts.job_id, facts.job_row_number, facts.id) == (sent.job.id, 1, second)
    assert (facts.api_key_id, facts.key_type) == (town.keys[KeyType.NORMAL].id, KeyType.NORMAL)


def test_what_is_wrong_with_all_of_it_stores_nothing(town: Town) -> None:
    with pytest.raises(TemplateNotFound):
        send(town, template_id=UUID(int=7))
    with pytest.raises(SenderNotFound, match="sms_sender_id"):
        send(town, sender_id=UUID(int=7))
    other = make_town(town.platform, town.clock, name="Libraries", limits=MessageLimits(sms=1))
    with pytest.raises(TemplateNotFound):
        send(town, template_id=other.sms.id)
    with pytest.raises(DailyLimitExceeded):
        send(other)
    town.platform.run()
    assert town.platform.phones.sent == []


def test_how_the_service_stands_is_told(town: Town) -> None:
    [day] = send(town).standing.quotas()
    assert (day.name, day.allowed - day.left) == ("day", 2)
    assert send(town, numbers=["x"]).standing.quotas() == ()


def test_rows_that_were_checked_take_next_to_no_memory(town: Town) -> None:
    number_of_rows = 20_000
    request = BulkRequest(key=town.keys[KeyType.NORMAL], template_id=town.sms.id, rows=lambda _: ())
    prepare = town.platform.notify.send_bulk.prepare_sms
    check = check_texts(request, town.service, town.sms, prepare)
    rows = (
        BulkRow(
            recipient=f"07400{row:06d}"[: 11 - row % 2],
            personalisation={"name": f"Jo {row}"},
            reference=f"order-{row}",
        )
        for row in range(number_of_rows)
    )
    checked = CheckedRows(send_bulk.BATCH)
    tracemalloc.start()
    try:
        checked.check(request, rows, check)
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert (checked.good_count, checked.refused) == (10_000, 10_000)
    assert held / number_of_rows < 100


def test_answers_are_in_order_whatever_becomes_of_the_rows(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send_bulk, "BATCH", 2)
    good, wrong, simulated = "07700 900120", "0770", "07700 900000"
    for numbers in ([good] * 5, [wrong] * 5, [simulated] * 3, [wrong, good, simulated, good, good, wrong]):
        sent = send(town, numbers)
        expected = [None if number == wrong else sent.job.row_id(row) for row, number in enumerate(numbers)]
        assert [answer if isinstance(answer, UUID) else None for answer in sent.answers()] == expected
        assert list(sent.answers()) == list(sent.answers())
