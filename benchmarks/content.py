"""Rendering and reading recipients: how many a second, and whether time stays in proportion to content.

All of it computes in one thread, and touches nothing else. Rates are medians of rounds. The rates they are held
against are those of the original, measured on two cores of the same kind; what is aimed at is a multiple.
`python -m benchmarks.content [--quick] [--json]`
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable
from itertools import cycle, islice
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

from notify_core.content import EmailTemplate, SmsTemplate
from notify_core.recipients import RecipientFile, parse_email_address, parse_phone_number
from notify_core.recipients.spreadsheet_rows import MessageTemplate
from notify_core.vocabulary import Channel

if TYPE_CHECKING:
    from rich.progress import Progress

Rows = list[dict[str, Any]]

SMS = "Dear ((name)), your appointment with ((who)) is on ((date)). Reply YES to confirm, or call us."
EMAIL = """# Your application

Dear ((name)),

You told us that you have moved. Please bring:

* proof of address
* a photo
* your reference: ((ref))

^ You must reply by ((date)).

## What happens next

1. We check it.
2. We write to you - usually in 5 days.

---

Read more at https://www.gov.uk/browse or [ask us](https://example.com/help?a=1).
It's "free" to use."""

PLAIN = [
    {"name": f"Jo Smith{index}", "who": "Dr Jones", "ref": f"AB{index}", "date": "1 May 2026"} for index in range(50)
]
WITH_PUNCTUATION = [values | {"name": "Jo O'Neil-Smith", "who": "Dr. Zoë £", "ref": "AB-1/2"} for values in PLAIN]
MOBILES = [f"{start}{index:06d}" for index in range(25) for start in ("07400 ", "+447700", "07700 ", "447911")]
FOREIGN = ["+33612345678", "0049 1512 3456789", "+1 202-555-0123", "07797 712345"]
ADDRESSES = [f"first.last{index}@example.gov.uk" for index in range(50)]
SPREADSHEET_ROWS = 5_000
"""Rows of the spreadsheets: enough for the first ones not to count."""


def spreadsheet(channel: Channel) -> str:
    """Return a file for the templates above."""
    column = "phone number" if channel is Channel.SMS else "email address"
    rows = (
        ",".join(
            (
                f"07400{index:06d}" if channel is Channel.SMS else f"first.last{index}@example.com",
                f"Jo Smith{index}",
                "Dr Jones",
                f"AB{index}",
                "1 May 2026",
            )
        )
        for index in range(SPREADSHEET_ROWS)
    )
    return "\n".join([f"{column},name,who,ref,date", *rows])


def check_file(text: str, template: MessageTemplate, channel: Channel) -> None:
    """Go over a whole file, as it is done before a job is begun."""
    if RecipientFile(text, template, channel).has_errors:
        raise RuntimeError("the file of the benchmark has errors")


def work() -> list[tuple[str, int | None, float, Callable[[], int]]]:
    """Return what is measured: its name, the original's rate, the multiple aimed at, and a round that counts."""
    sms, email = SmsTemplate(SMS), EmailTemplate("For ((name))", EMAIL)

    def each(items: list[Any], do: Callable[[Any], object], times: int) -> Callable[[], int]:
        def round_of_it() -> int:
            for item in islice(cycle(items), times):
                do(item)
            return times

        return round_of_it

    def rows(channel: Channel, template: MessageTemplate) -> Callable[[], int]:
        text = spreadsheet(channel)

        def round_of_it() -> int:
            check_file(text, template, channel)
            return SPREADSHEET_ROWS

        return round_of_it

    def text_message(values: dict[str, str]) -> int:
        return sms.render(values, prefix="Parking").fragment_count

    return [
        ("SMS, 3 placeholders, fragments", 13_700, 4, each(PLAIN, text_message, 5_000)),
        ("SMS, values with accents", 13_700, 4, each(WITH_PUNCTUATION, text_message, 5_000)),
        ("email page, plain values", 1_484, 3, each(PLAIN, email.render_html, 2_000)),
        ("email page, other values", None, 1, each(WITH_PUNCTUATION, email.render_html, 200)),
        ("email text, plain values", 4_400, 3, each(PLAIN, email.render_text, 4_000)),
        ("email text, other values", None, 1, each(WITH_PUNCTUATION, email.render_text, 400)),
        ("UK mobile, normalised", 12_500, 5, each(MOBILES, lambda raw: parse_phone_number(raw).normalised, 10_000)),
        ("other phone number", None, 1, each(FOREIGN, lambda raw: parse_phone_number(raw).normalised, 1_000)),
        (
            "email address, normalised",
            226_800,
            1,
            each(ADDRESSES, lambda raw: parse_email_address(raw).normalised, 30_000),
        ),
        ("spreadsheet row, SMS", 11_700, 4, rows(Channel.SMS, sms)),
        ("spreadsheet row, email", 27_700, 4, rows(Channel.EMAIL, email)),
    ]


def rates(rounds: int, advance: Callable[[], None]) -> Rows:
    """Measure what `work` says. Rounds of everything alternate, so that a slow spell touches everything."""
    measured = work()
    seconds: list[list[float]] = [[] for _ in measured]
    for _ in range(rounds):
        for times, (_name, _original, _aim, do) in zip(seconds, measured, strict=True):
            do()
            started = perf_counter()
            count = do()
            times.append((perf_counter() - started) / count)
            advance()
    rows: Rows = []
    for times, (name, original, aim, _do) in zip(seconds, measured, strict=True):
        rate = 1 / median(times)
        rows.append(
            {
                "work": name,
                "per second": round(rate),
                "original": original or "",
                "ratio": round(rate / original, 1) if original else "",
                "aim": aim if original else "",
            }
        )
    return rows


UNITS = (
    *("[", "[x](y", "[[a](x) ](y) ", "![a](b", "](<", "[a]: b\n", "[^a]: b\n", "[a [b] "),
    *("(", "((", "((a))", "((a??b))", "*", "* ", "* a\n  * b\n", "1.", "- - ", "- ", ">", "> ", "^", "^ "),
    *("#", "# ", "=\n", "a\n---\n", "|", "a|b\n", "`", "```\n", "```a\n", "~~~~ "),
    *("<", "<b>", "<a b=", "<div>\n\n", "<!--", "&", "&#", "'", '"', "\\", "_"),
    *("[x](<!--)' ", "<' ", "<!-- >'", "‘a@", "GOV.UK ", "gov.uk/'", "http://", "https://a.b/ ", "a-a."),
    *(" ", "\n", "\t", "\xa0", "\u2028", "e\u0301", "\u0301\u0316", "word ", " - "),
)
"""What is repeated to make contents that are hard to read: nothing but brackets, stars, fences or spaces."""


def scaling(size: int, rounds: int, advance: Callable[[], None]) -> Rows:
    """Compare content of `size` characters with ten times as much of it: 10 is in proportion, 15 the most."""
    rows = [_scaled(unit, size, rounds, advance) for unit in UNITS]
    return sorted(rows, key=lambda row: -float(row["worst ratio"]))


def _scaled(unit: str, size: int, rounds: int, advance: Callable[[], None]) -> dict[str, Any]:
    small, large = unit * (size // len(unit)), unit * (10 * size // len(unit))
    ways: dict[str, Callable[[str], object]] = {
        "page": lambda content: EmailTemplate("", content).render_html({"x": "y"}),
        "text": lambda content: EmailTemplate("", content).render_text({"x": "y"}),
        "sms": lambda content: SmsTemplate(content).render({"x": "y"}).fragment_count,
        "subject": lambda content: EmailTemplate(content, "").render_source({"x": "y"}),
        "value": lambda content: EmailTemplate("", "((x))").render_html({"x": content}),
    }
    ratios = {name: _least_time(do, large, rounds) / _least_time(do, small, rounds) for name, do in ways.items()}
    advance()
    worst = max(ratios, key=lambda name: ratios[name])
    return {"content": repr(unit), "worst ratio": round(ratios[worst], 1), "where": worst}


def _least_time(do: Callable[[str], object], content: str, rounds: int) -> float:
    """Return the shortest of several rounds: what disturbs a round only ever adds to it.

    Python's garbage collector is at rest meanwhile, as it is for `timeit`: how often it runs depends on what else
    the process holds.
    """
    times = []
    gc.disable()
    try:
        for _ in range(rounds):
            started = perf_counter()
            do(content)
            times.append(perf_counter() - started)
    finally:
        gc.enable()
    return min(times)


def run(*, quick: bool, progress: Progress) -> Rows:
    """Measure the rates, and return a row for each kind of work."""
    rounds = 1 if quick else 7
    task = progress.add_task("rendering and reading", total=rounds * len(work()))
    return rates(rounds, lambda: progress.advance(task))


def run_scaling(*, quick: bool, progress: Progress) -> Rows:
    """Measure how time grows with content, and return a row for each kind of it, the worst first."""
    task = progress.add_task("ten times the content", total=len(UNITS))
    return scaling(2_000 if quick else 20_000, 1 if quick else 5, lambda: progress.advance(task))


def main(arguments: list[str]) -> None:
    """Measure everything and print it, as tables or as JSON."""
    quick = "--quick" in arguments
    results = {
        "rates": rates(1 if quick else 7, _nothing),
        "scaling": scaling(2_000 if quick else 20_000, 1 if quick else 5, _nothing),
    }
    if "--json" in arguments:
        print(json.dumps(results, indent=2, ensure_ascii=False))
        return
    for name, rows in results.items():
        print(f"\n{name}\n{_table(rows)}")


def _nothing() -> None:
    """Report progress to nobody."""


def _table(rows: Rows) -> str:
    shown = [list(rows[0]), *([_shown(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[column]) for line in shown) for column in range(len(shown[0]))]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip() for line in shown
    )


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    main(sys.argv[1:])
