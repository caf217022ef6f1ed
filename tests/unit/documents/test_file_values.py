"""Which values are files, and every sentence about one that is not given as files are."""

from __future__ import annotations

from typing import Any

import pytest

from notify_core.documents.files import File, InvalidFile, files_in, read_files
from notify_core.documents.model import Document

CONTENT = "SGVsbG8="
RECIPIENT = "jo@example.com"
BOOLEAN = "Use a boolean true or false value."
WEEKS = "Supported periods are from 1 to 78 weeks."
NO_EXTENSION = "filename `filename` must end with a file extension. For example, filename.csv"
BOTH = "Do not set a value for `is_csv` if `filename` is set."


def read(**fields: Any) -> Document:
    return read_files({"doc": {"file": CONTENT, **fields}}, RECIPIENT)["doc"]


def violations(**fields: Any) -> tuple[str, ...]:
    with pytest.raises(InvalidFile) as refused:
        read(**fields)
    return refused.value.violations


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        ({"file": CONTENT}, True),
        ({"file": None}, True),
        ({"File": CONTENT}, False),
        ({"content": CONTENT}, False),
        ([{"file": CONTENT}], False),
        ("file", False),
        (None, False),
    ],
)
def test_an_object_with_a_file_in_it_is_a_file(value: object, *, is_one: bool) -> None:
    assert bool(files_in({"doc": value})) is is_one


def test_a_bare_file_is_kept_for_26_weeks_and_asks_for_the_recipients_address() -> None:
    assert read() == Document(
        content=CONTENT, is_csv=False, retention_period="26 weeks", filename=None, confirmation_email=RECIPIENT
    )


@pytest.mark.parametrize(("value", "asks"), [(True, RECIPIENT), (None, RECIPIENT), (False, None)])
def test_only_false_asks_nobody(*, value: bool | None, asks: str | None) -> None:
    assert read(confirm_email_before_download=value).confirmation_email == asks


@pytest.mark.parametrize("period", ["1 week", "1 weeks", "78 weeks", " 52 WEEKS\n", "07 weeks"])
def test_a_supported_period_is_passed_on_as_it_was_given(period: str) -> None:
    assert read(retention_period=period).retention_period == period


def test_null_is_as_good_as_nothing() -> None:
    assert read(retention_period=None, filename=None, confirm_email_before_download=None) == read()
    assert read(is_csv=None) == read()


def test_what_is_given_is_passed_on() -> None:
    assert read(is_csv=True).is_csv
    assert read(filename="report.csv").filename == "report.csv"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"other": 1}, "Additional properties are not allowed (other was unexpected)"),
        ({"b": 1, "a": 1}, "Additional properties are not allowed (a, b were unexpected)"),
        ({"file": False}, "file False is not of type string"),
        ({"file": None}, "file None is not of type string"),
        ({"file": ["it's"]}, 'file ["its"] is not of type string'),
        ({"is_csv": "bad"}, f"is_csv Unsupported value for is_csv: bad. {BOOLEAN}"),
        ({"is_csv": 0}, f"is_csv Unsupported value for is_csv: 0. {BOOLEAN}"),
        (
            {"confirm_email_before_download": "x"},
            f"confirm_email_before_download Unsupported value for confirm_email_before_download: x. {BOOLEAN}",
        ),
        (
            {"confirm_email_before_download": 0},
            f"confirm_email_before_download Unsupported value for confirm_email_before_download: 0. {BOOLEAN}",
        ),
        *(
            (
                {"retention_period": period},
                f"retention_period Unsupported value for retention_period: {period}. {WEEKS}",
            )
            for period in (
                "79 weeks",
                "0 weeks",
                "",
                "4",
                "4 months",
                "-1 weeks",
                "1.5 weeks",
                "\u0664 weeks",
                4,
                False,
            )
        ),
        ({"filename": "report"}, NO_EXTENSION),
        ({"filename": ""}, NO_EXTENSION),
        ({"filename": 1.5}, NO_EXTENSION),
        ({"is_csv": True, "filename": "report.csv"}, BOTH),
        ({"is_csv": None, "filename": None}, BOTH),
    ],
)
def test_what_will_not_do_is_named(fields: dict[str, Any], sentence: str) -> None:
    assert violations(**fields) == (sentence,)


def test_everything_that_is_wrong_with_one_file_is_told_in_order() -> None:
    told = violations(
        filename="x", retention_period="x", confirm_email_before_download="x", is_csv="x", file=1, other=None
    )
    assert [sentence.split()[0] for sentence in told] == [
        "Additional",
        "file",
        "is_csv",
        "confirm_email_before_download",
        "retention_period",
        "filename",
        "Do",
    ]


def test_the_first_bad_file_ends_it() -> None:
    files: dict[str, File] = {
        "good": {"file": CONTENT},
        "bad": {"file": 1},
        "worse": {"file": CONTENT, "is_csv": "x"},
    }
    with pytest.raises(InvalidFile) as refused:
        read_files(files, RECIPIENT)
    assert refused.value.violations == ("file 1 is not of type string",)


def test_a_huge_value_is_not_repeated() -> None:
    (sentence,) = violations(retention_period="9" * 1_000_000)
    assert len(sentence) < 400


def test_neither_content_nor_people_are_in_the_representation() -> None:
    shown = repr(read(filename="mrs-jones.pdf"))
    assert CONTENT not in shown
    assert RECIPIENT not in shown
    assert "jones" not in shown
