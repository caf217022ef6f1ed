"""The checker of histories must see everything that can be wrong: each of these histories has one flaw, or none."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from notify_core.notifications.status import Status
from notify_core.vocabulary import Channel
from tests.chaos.history import Called, Finding, Handover, History, Request, Stored, Verdict, Wrong, check

REQUEST = Request(name="m1", channel=Channel.SMS, told=Status.DELIVERED, id="id1", answers=("503", "201"))
HANDOVER = Handover(name="m1", provider="mmg", at=1.5)
STORED = Stored(id="id1", name="m1", status=Status.DELIVERED, timeline=("handed-over", "receipt"))
CALLED = Called(id="id1", status="delivered")


def judged(
    request: Request | None = REQUEST,
    handovers: tuple[Handover, ...] = (HANDOVER,),
    stored: tuple[Stored, ...] = (STORED,),
    **more: Any,
) -> Verdict:
    requests = () if request is None else (request,)
    return check(History(requests=requests, handovers=handovers, stored=stored, **more))


def wrongs(verdict: Verdict) -> list[Wrong]:
    return [finding.wrong for finding in verdict.findings]


def test_nothing_is_wrong_with_a_message_that_was_sent_once_and_ended_as_its_provider_said() -> None:
    verdict = judged(calls=(CALLED,))
    assert verdict == Verdict(
        answered=1,
        handed_over=1,
        doubts=0,
        doubles_in_doubt=0,
        failed_truthfully=0,
        ended={"delivered": 1},
        calls=1,
        findings=(),
    )


def test_an_empty_history_is_in_order() -> None:
    assert judged(None, (), ()).findings == ()


@pytest.mark.parametrize("status", [Status.CREATED, Status.SENDING, Status.DELIVERED, Status.TEMPORARY_FAILURE])
def test_what_no_provider_has_accepted_is_lost_whatever_we_say_of_it(status: Status) -> None:
    assert wrongs(judged(handovers=(), stored=(evolve(STORED, status=status),))) == [Wrong.LOST]


def test_what_was_answered_and_is_not_stored_is_lost() -> None:
    assert wrongs(judged(handovers=(), stored=())) == [Wrong.LOST]
    assert wrongs(judged(stored=(evolve(STORED, id="another"),))) == [Wrong.LOST]


def test_what_was_never_answered_and_is_not_stored_was_not_accepted() -> None:
    assert judged(evolve(REQUEST, id=None), (), ()).findings == ()


def test_what_was_stored_counts_though_its_answer_never_came() -> None:
    assert judged(evolve(REQUEST, id=None)).findings == ()
    assert wrongs(judged(evolve(REQUEST, id=None), handovers=())) == [Wrong.LOST]


def test_a_message_that_nobody_took_may_fail_if_it_says_so() -> None:
    verdict = judged(handovers=(), stored=(evolve(STORED, status=Status.TECHNICAL_FAILURE),))
    assert (verdict.findings, verdict.failed_truthfully) == ((), 1)


def test_a_message_that_a_provider_took_may_not_be_said_to_have_failed() -> None:
    assert wrongs(judged(stored=(evolve(STORED, status=Status.TECHNICAL_FAILURE),))) == [Wrong.UNTRUE]


def test_sent_twice_is_wrong_unless_a_doubt_was_counted() -> None:
    twice = (HANDOVER, evolve(HANDOVER, provider="firetext", at=9.0))
    verdict = judged(handovers=twice)
    assert wrongs(verdict) == [Wrong.DOUBLED]
    assert "to mmg at 1.500, to firetext at 9.000" in verdict.findings[0].what
    verdict = judged(handovers=twice, stored=(evolve(STORED, doubts=1),))
    assert (verdict.findings, verdict.doubts, verdict.doubles_in_doubt) == ((), 1, 1)
    verdict = judged(handovers=(*twice, HANDOVER), stored=(evolve(STORED, doubts=1),))
    assert wrongs(verdict) == [Wrong.DOUBLED]


def test_a_doubt_that_was_not_needed_is_no_double() -> None:
    verdict = judged(stored=(evolve(STORED, doubts=2),))
    assert (verdict.findings, verdict.doubts, verdict.doubles_in_doubt) == ((), 2, 0)


def test_one_request_is_one_message() -> None:
    both = (STORED, evolve(STORED, id="id2"))
    assert wrongs(judged(handovers=(HANDOVER,), stored=both)) == [Wrong.REPEATED]
    assert wrongs(judged(handovers=(HANDOVER, HANDOVER), stored=both)) == [Wrong.REPEATED, Wrong.DOUBLED]


@pytest.mark.parametrize("status", [Status.CREATED, Status.SENDING, Status.PENDING])
def test_a_receipt_that_was_forgotten_is_found(status: Status) -> None:
    assert wrongs(judged(stored=(evolve(STORED, status=status),))) == [Wrong.UNFINISHED]


def test_the_last_word_is_the_providers() -> None:
    assert wrongs(judged(stored=(evolve(STORED, status=Status.PERMANENT_FAILURE),))) == [Wrong.UNTRUE]
    assert (
        judged(evolve(REQUEST, told=Status.SENDING), stored=(evolve(STORED, status=Status.SENDING),)).findings == ()
    )
    assert wrongs(judged(evolve(REQUEST, told=Status.SENDING))) == [Wrong.UNTRUE]


def test_nothing_is_sent_that_nobody_asked_for() -> None:
    assert wrongs(judged(None)) == [Wrong.UNASKED]
    assert wrongs(judged(None, (), (STORED,))) == [Wrong.UNASKED]
    assert wrongs(judged(evolve(REQUEST, id=None), stored=())) == [Wrong.UNASKED]


@pytest.mark.parametrize("calls", [(), (evolve(CALLED, status="temporary-failure"),), (evolve(CALLED, id="id2"),)])
def test_a_service_that_was_not_told_the_end_is_found(calls: tuple[Called, ...]) -> None:
    assert wrongs(judged(calls=calls)) == [Wrong.UNCALLED]


def test_a_service_may_be_told_twice_and_is_told_of_failures() -> None:
    assert judged(calls=(CALLED, CALLED)).findings == ()
    failed = (evolve(STORED, status=Status.TECHNICAL_FAILURE),)
    assert wrongs(judged(handovers=(), stored=failed, calls=())) == [Wrong.UNCALLED]


def test_a_finding_tells_the_message_and_its_timeline() -> None:
    (finding,) = judged(handovers=()).findings
    assert finding == Finding(
        wrong=Wrong.LOST,
        name="m1",
        what="no provider accepted it; it is delivered",
        ids=("id1",),
        timeline=("handed-over", "receipt"),
    )
    assert str(finding) == "m1 (id1): lost: no provider accepted it; it is delivered\n    handed-over\n    receipt"


def test_every_message_is_judged_by_itself() -> None:
    requests = tuple(evolve(REQUEST, name=f"m{number}", id=f"id{number}") for number in range(1, 4))
    stored = tuple(evolve(STORED, name=f"m{number}", id=f"id{number}") for number in range(1, 4))
    handovers = (HANDOVER, HANDOVER, evolve(HANDOVER, name="m3"))
    verdict = check(History(requests=requests, handovers=handovers, stored=stored))
    assert {(finding.name, finding.wrong) for finding in verdict.findings} == {
        ("m1", Wrong.DOUBLED),
        ("m2", Wrong.LOST),
    }
    assert (verdict.count(Wrong.LOST), verdict.count(Wrong.DOUBLED), verdict.count(Wrong.UNTRUE)) == (1, 1, 0)
