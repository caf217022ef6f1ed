"""What is told of a storm: Markdown for the documentation, JSON for scripts."""

from __future__ import annotations

import platform
from datetime import date
from pathlib import Path
from typing import Any

from tests.chaos.history import Wrong
from tests.chaos.storm import Outcome

BEGIN, END = "<!-- report: begin -->", "<!-- report: end -->"
_FINDINGS_SHOWN = 20


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Return everything that there is to tell."""
    verdict = outcome.verdict
    return {
        "messages": outcome.plan.messages,
        "kills": sum(outcome.deaths.values()),
        "seed": outcome.plan.seed,
        "seconds": round(outcome.seconds, 1),
        "seconds_to_finish": round(outcome.seconds_to_finish, 1),
        "requests": outcome.requests,
        "requests_without_201": outcome.requests_answered_otherwise,
        "answered_201": verdict.answered,
        "handed_over": verdict.handed_over,
        "doubts": verdict.doubts,
        "sent_again_in_doubt": verdict.doubles_in_doubt,
        "failed_truthfully": verdict.failed_truthfully,
        "receipts_refused": outcome.receipts_refused,
        "ended": dict(sorted(verdict.ended.items())),
        "calls": verdict.calls,
        "deaths": outcome.deaths,
        "wrong": {wrong.value: verdict.count(wrong) for wrong in Wrong},
        "findings": [str(finding) for finding in verdict.findings],
    }


def as_markdown(outcome: Outcome, on: date) -> str:
    """Return the section of the documentation that tells of it."""
    told = as_json(outcome)
    facts = {
        "messages that clients wanted sent": told["messages"],
        "processes killed with SIGKILL": told["kills"],
        "requests made, those asked again included": told["requests"],
        "of these without a 201 (connection lost, 503)": told["requests_without_201"],
        "messages answered 201": told["answered_201"],
        "accepted by providers": told["handed_over"],
        "doubts counted": told["doubts"],
        "sent again because of a doubt": told["sent_again_in_doubt"],
        "failed, and said so": told["failed_truthfully"],
        "receipts that we refused": told["receipts_refused"],
    }
    if told["calls"] is not None:
        facts["callbacks that services got"] = told["calls"]
    wrong = {f"**{name}**": number for name, number in told["wrong"].items()}
    if told["calls"] is None:
        del wrong[f"**{Wrong.UNCALLED}**"]
    heading = (
        f"Run on {on:%Y-%m-%d} with seed {told['seed']}: {told['seconds'] / 60:.1f} minutes, of which "
        f"{told['seconds_to_finish']:.0f} s to finish after the last fault; Python {platform.python_version()}."
    )
    tables = (
        _table(("", "number"), facts | wrong),
        _table(("ended as", "messages"), told["ended"]),
        _table(("who died where", "times"), told["deaths"]),
    )
    return "\n\n".join((heading, *tables))


def findings(outcome: Outcome) -> str:
    """Return what is wrong, message by message, with timelines."""
    found = [str(finding) for finding in outcome.verdict.findings]
    more = len(found) - _FINDINGS_SHOWN
    return "\n".join([*found[:_FINDINGS_SHOWN], *([f"... and {more} more"] if more > 0 else [])])


def write_into(document: Path, section: str) -> None:
    """Put the section between the document's two markers. Raises ValueError when they are not there."""
    text = document.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{document} lacks {BEGIN} or {END}")
    document.write_text(f"{before}{BEGIN}\n\n{section}\n\n{END}{after}", encoding="utf-8")


def _table(head: tuple[str, str], rows: dict[str, int]) -> str:
    lines = [f"| {head[0]} | {head[1]} |", "| --- | ---: |"]
    return "\n".join(lines + [f"| {name} | {number:,} |" for name, number in rows.items()])
