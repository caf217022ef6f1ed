"""A mould gives what rendering in full gives, to the character."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notify_core.content.email import EmailTemplate

CORPUS = Path(__file__).parents[1] / "conformance" / "corpus"

PIECES = (
    *("((a))", "((b))", "((c??", "))", "((a))", "((b))", "((a)) ((b))", "(((a)))", '"((a))"', "((a))'s", "'((b))"),
    *(" ", "\n", "\n\n", "* ", "1. ", ".", ",", "- ", "^ ", "# ", "    ", "|", "[", "](", "](http://x.y/", ")", '"'),
    *(
        "[k]: ",
        "[x](",
        "https://x.y/",
        "---\n",
        "```\n",
        "<b",
        "<b ",
        ">",
        "</b>",
        "&",
        ";",
        "#",
        "=",
        "a|b\n--|--\n",
    ),
    *("word", "GOV.", "UK", "@", "'", "80s", "\\", "_", "title=", "http", "://", "é", "O", "  ", "\xa0", " -", "!"),
)
contents = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
names = ("a", "b", "c")
plain_words = st.sampled_from(
    [
        *("Jo", "Jo Smith", "x", "s", "80s", "1", "12", "2025", "1 May 2025", "10am", "uk", "GOV", "http", "copy"),
        *("lt", "amp", "div", "b", "O", "K", "yes", "no", "Zoë", "Ŵ", "nbsp", "a1 b2 c3", "0", "007", "qr", "y"),
    ]
)
other_words = st.sampled_from(["", " ", "Jo.", "O'Neil", "a - b", "* x", "https://x.y/z", "\n", "&", "<b>", "1."])
given_values = st.fixed_dictionaries(
    {}, optional={name: plain_words | plain_words | other_words | st.none() | st.integers() for name in names}
)


def renderings(template: EmailTemplate, values: dict[str, Any]) -> tuple[str, ...]:
    return (
        template.render_html(values),
        template.render_html_body(values),
        template.render_preheader(values),
        template.render_subject(values),
        template.render_subject_html(values),
        template.render_text(values),
    )


@settings(max_examples=400)
@given(contents, contents, st.lists(given_values, min_size=1, max_size=3))
def test_rendering_often_is_rendering_once(subject: str, content: str, several: list[dict[str, Any]]) -> None:
    template = EmailTemplate(subject, content)
    for _ in range(2):
        renderings(template, several[0])  # makes the moulds

    for values in [*several, dict.fromkeys(names, "Other 2nd word"), dict.fromkeys(names, "77")]:
        assert renderings(template, values) == renderings(EmailTemplate(subject, content), values)


@pytest.mark.parametrize("file", ["email_html", "email_plain_text"])
def test_so_it_is_for_every_template_of_the_corpus(file: str) -> None:
    for line in (CORPUS / f"{file}.jsonl").read_text(encoding="utf-8").strip().split("\n"):
        case = json.loads(line)["input"]
        template = EmailTemplate(case["subject"], case["content"])
        words = {name: f"Word {index}" for index, name in enumerate(template.placeholders)}
        for _ in range(2):
            renderings(template, words)
        for values in (case["values"], words, dict.fromkeys(template.placeholders, "yes"), dict.fromkeys(words, 12)):
            assert renderings(template, values) == renderings(
                EmailTemplate(case["subject"], case["content"]), values
            ), case
