"""The report says what was found, and goes between its markers."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from attrs import evolve

from notify_core.notifications.status import Status
from notify_core.vocabulary import Channel
from tests.chaos import report
from tests.chaos.history import Called, Handover, History, Request, Stored, check
from tests.chaos.storm import Outcome, Plan

HISTORY = History(
    requests=(
        Request(name="m1", channel=Channel.SMS, told=Status.DELIVERED, id="id1", answers=("ProtocolError", "201")),
        Request(name="m2", channel=Channel.SMS, told=Status.DELIVERED, id="id2", answers=("201",)),
    ),
    handovers=(Handover(name="m1", provider="mmg", at=1.0), Handover(name="m1", provider="mmg", at=2.0)),
    stored=(
        Stored(id="id1", name="m1", status=Status.DELIVERED, doubts=1),
        Stored(id="id2", name="m2", status=Status.CREATED, timeline=("accepted",)),
    ),
)
OUTCOME = Outcome(
    plan=Plan(messages=2, kills=1, seed=7),
    verdict=check(HISTORY),
    deaths={"relay killed": 1},
    requests=3,
    requests_answered_otherwise=1,
    seconds=61.26,
    seconds_to_finish=12.0,
)


def test_scripts_are_told_everything() -> None:
    told = report.as_json(OUTCOME)
    assert (told["messages"], told["kills"], told["answered_201"], told["handed_over"]) == (2, 1, 2, 2)
    assert (told["doubts"], told["sent_again_in_doubt"], told["requests_without_201"]) == (1, 1, 1)
    assert told["ended"] == {"created": 1, "delivered": 1}
    assert {name: number for name, number in told["wrong"].items() if number} == {"lost": 1}
    assert told["findings"] == ["m2 (id2): lost: no provider accepted it; it is created\n    accepted"]


def test_people_are_told_in_tables() -> None:
    section = report.as_markdown(OUTCOME, date(2026, 11, 21))
    assert section.startswith("Run on 2026-11-21 with seed 7: 1.0 minutes, of which 12 s to finish")
    assert "| **lost** | 1 |" in section
    assert "| relay killed | 1 |" in section
    assert "service" not in section, "no service asked to be called"
    called = check(evolve(HISTORY, calls=(Called(id="id1", status="delivered"),)))
    section = report.as_markdown(evolve(OUTCOME, verdict=called), date(2026, 11, 21))
    assert "| callbacks that services got | 1 |" in section
    assert "| **not told to its service** | 0 |" in section


def test_not_everything_that_is_wrong_is_shown() -> None:
    assert report.findings(OUTCOME).startswith("m2 (id2): lost")
    many = evolve(OUTCOME, verdict=evolve(OUTCOME.verdict, findings=OUTCOME.verdict.findings * 25))
    assert report.findings(many).endswith("... and 5 more")


def test_the_report_goes_between_its_markers(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text(f"before\n\n{report.BEGIN}\nold\n{report.END}\n\nafter\n")
    report.write_into(document, "new")
    report.write_into(document, "newer")
    assert document.read_text() == f"before\n\n{report.BEGIN}\n\nnewer\n\n{report.END}\n\nafter\n"
    document.write_text("no markers")
    with pytest.raises(ValueError, match="lacks"):
        report.write_into(document, "new")


def test_the_documentation_has_the_markers() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "reliability.md").read_text(encoding="utf-8")
    assert text.count(report.BEGIN) == text.count(report.END) == 1
    assert text.index(report.BEGIN) < text.index(report.END)
