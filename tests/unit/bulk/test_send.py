"""Bulks without a door in front: as another Python project sends them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from notify_core import BulkRequest, BulkRow, KeyType, SentBulk
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
    assert [isinstance(answer, UUID) for answer in sent.answers] == [True, True, False, True]
    problems = sent.answers[2]
    assert isinstance(problems, tuple)
    assert [(problem.error, problem.message) for problem in problems] == [("too_short", "Mobile number is too short")]
    assert sent.answers[0] == sent.job.row_id(0)
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
    second = sent.answers[1]
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
