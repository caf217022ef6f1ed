"""Files that nobody would wish for: a clear answer each, nothing lost, nothing half-sent."""

from __future__ import annotations

import codecs
import random
from collections.abc import Iterable

import pytest

from notify_core.jobs import sheet
from notify_core.jobs.model import JobStatus
from notify_core.jobs.sheet import LARGEST_FILE, SheetFormat, UnusableFile, all_rows, rows_from, survey
from notify_core.vocabulary import Channel
from tests.unit.jobs.conftest import Office

NAMES = ["Zoë", "Seán – “O’Neill”", "Wŷn"]
HEADER = "phone number,name"


def read_from(content: bytes, size: int = 7) -> sheet.ReadFrom:
    """Hand a file over in pieces that end in the middle of everything."""

    def read(start: int) -> Iterable[bytes]:
        return (content[place : place + size] for place in range(start, len(content), size))

    return read


def surveyed(content: bytes, channel: Channel = Channel.SMS) -> SheetFormat:
    return survey(len(content), read_from(content), channel)


# Files that are sent


@pytest.mark.parametrize(
    ("encoding", "mark", "name"),
    [
        ("utf-8", b"", "Wŷn 🐈"),
        ("utf-8", codecs.BOM_UTF8, "Wŷn 🐈"),
        ("utf-16-le", codecs.BOM_UTF16_LE, "Wŷn 🐈"),
        ("utf-16-be", codecs.BOM_UTF16_BE, "Wŷn 🐈"),
        ("utf-16-le", b"", "Wŷn 🐈"),
        ("utf-16-be", b"", "Wŷn 🐈"),
        ("cp1252", b"", "Seán – “O’Neill”"),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_any_usual_encoding_is_read(office: Office, encoding: str, mark: bytes, name: str, line_end: str) -> None:
    text = line_end.join([HEADER, f"07700900001,{name}", f'07700900002,"{name}"', "07700900003,plain", ""])
    job = office.send(mark + text.encode(encoding))
    assert job.status is JobStatus.FINISHED_ALL_CREATED
    assert job.encoding == encoding
    assert [office.row(job, row).contents.personalisation["name"] for row in range(3)] == [name, name, "plain"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_usual_separator_is_read(office: Office, delimiter: str) -> None:
    rows = [["name", "phone number", "other"], ["a,b;c", "07700900001", ""], ["x", "07700900002", "1,2,3"]]
    text = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    job = office.send(text)
    assert (job.status, job.delimiter) == (JobStatus.FINISHED_ALL_CREATED, delimiter)
    assert office.row(job, 0).contents.personalisation["name"] == "a,b;c"


SENT = {
    "quotes over line ends": (f'{HEADER}\n07700900001,"two\nlines"\n07700900002,"three\r\nmore\n\nlines"\n', 2),
    "no line end at the end": (f"{HEADER}\n07700900001,A", 1),
    "empty rows at the end": (f"{HEADER}\n07700900001,A\n\n,\n , \n\n\n", 1),
    "space before the header": (f"\n\n  \n{HEADER}\n07700900001,A\n", 1),
    "quotes within quotes": (f'{HEADER}\n07700900001,"say ""yes"""\n', 1),
    "a quotation mark within a cell": (f'{HEADER}\n07700900001,5" pipe\n07700900002,B\n', 2),
    "cells like formulas": (f"{HEADER}\n07700900001,=1+1\n07700900002,@SUM(A1)\n07700900003,-2\n", 3),
    "surplus cells": (f"{HEADER}\n07700900001,A,x,y\n07700900002,B,,,\n", 2),
    "other columns": ("a,b,name,phone number,c,c,,\n1,2,A,07700900001,4,5,6,7\n", 1),
    "a thousand columns": (
        ",".join(["phone number", *(f"column {number}" for number in range(998)), "name"])
        + "\n"
        + ",".join(["07700900001", *["x"] * 998, "A"])
        + "\n",
        1,
    ),
    "a thousand columns of one name": (
        ",".join(["phone number", "name", *["x"] * 998]) + "\n" + ",".join(["07700900001", "A", *["y"] * 998]) + "\n",
        1,
    ),
    "a placeholder's column twice": ("phone number,name,name\n07700900001,A,B\n", 1),
}


@pytest.mark.parametrize(("text", "rows"), SENT.values(), ids=SENT)
def test_what_can_be_understood_is_sent(office: Office, text: str, rows: int) -> None:
    job = office.send(text)
    assert (job.status, job.errors) == (JobStatus.FINISHED_ALL_CREATED, ())
    assert (job.notification_count, len(office.texts), office.stored(job)) == (rows, rows, rows)


# Files that are refused


REFUSED = {
    "nothing": (b"", "empty"),
    "nothing but space": (b" \n\r\n\t \n", "empty"),
    "nothing but a mark": (codecs.BOM_UTF16_LE, "empty"),
    "a header and no rows": (HEADER.encode(), "no rows"),
    "a header and empty rows": (f"{HEADER}\n,\n\n".encode(), "no rows"),
    "a workbook": (b"PK\x03\x04" + bytes(range(256)), "workbook"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "workbook"),
    "a PDF": (b"%PDF-1.7\n", "PDF"),
    "a picture": (b"\x89PNG\r\n\x1a\n", "picture"),
    "a compressed file": (b"\x1f\x8b\x08\x00", "compressed"),
    "random bytes": (random.Random(7).randbytes(3000), "text|column"),
    "bytes of no encoding": (f"{HEADER}\n07700900001,".encode() + b"\x81\x8d\n", "UTF-8"),
    "a mark that lies": (codecs.BOM_UTF8 + b"phone number,name\n07700900001,Zo\xeb\n", "is not"),
    "half a letter of UTF-16": (codecs.BOM_UTF16_LE + HEADER.encode("utf-16-le") + b"\n\0x", "is not"),
    "NUL in the middle": (f"{HEADER}\n".encode() + b"0770090000" * 600 + b"\0\n", "text|column|characters"),
    "an open quotation mark": (f'{HEADER}\n07700900001,A\n07700900002,"B\n07700900003,C\n'.encode(), "quot"),
    "an open quotation mark early in a long file": (
        f'{HEADER}\n07700900001,"A\n'.encode() + b"07700900002,B\n" * 20_000,
        "quotation mark",
    ),
    "an open quotation mark in the header": (f'"phone number,name\n{"07700900002,B" * 9}\n'.encode(), "first row"),
    "a cell of a million characters": (f"{HEADER}\n07700900001,{'x' * 1_000_000}\n".encode(), "131,072 characters"),
    "no names of columns": (b"07700900001,Ann\n07700900002,Ben\n", "no column"),
    "HTML": (b"<!DOCTYPE html>\n<html><body><table></table></body></html>\n", "no column"),
    "JSON": (b'[{"phone number": "07700900001", "name": "Ann"}]', "column|row"),
}


@pytest.mark.parametrize(("content", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_understood_is_refused_with_a_reason(office: Office, content: bytes, said: str) -> None:
    job = office.send(content)
    assert job.status is JobStatus.ERROR
    assert job.error_count >= 1
    assert any(word in error.problem for error in job.errors for word in said.split("|")), job.errors
    assert "07700" not in str(job.errors)
    assert office.texts == []
    assert office.stored(job) == 0


def test_a_gigabyte_is_refused_from_its_size_before_it_is_read() -> None:
    def nobody_reads(start: int) -> Iterable[bytes]:
        raise AssertionError(f"read from {start}")

    with pytest.raises(UnusableFile, match="too large"):
        survey(1 << 30, nobody_reads, Channel.SMS)
    with pytest.raises(UnusableFile, match="too large"):
        survey(LARGEST_FILE + 1, nobody_reads, Channel.SMS)


def test_a_file_of_one_line_is_not_held_as_a_whole() -> None:
    content = HEADER.encode() + b"\n" + b"x," * 6_000_000
    found = surveyed_in_large_pieces(content)
    with pytest.raises(UnusableFile, match="line"):
        list(rows_from(found, read_from(content, 1 << 20), found.body_start))


def surveyed_in_large_pieces(content: bytes) -> SheetFormat:
    return survey(len(content), read_from(content, 1 << 20), Channel.SMS)


# Places in the file


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("seed", range(5))
def test_any_run_of_rows_can_be_read_by_itself(encoding: str, seed: int) -> None:
    """However rows are cut into chunks, the bytes of each hold exactly its rows."""
    chance = random.Random(seed)
    cells = ["", "a", "Zoë", '"two\nlines"', '"a ""b"" c"', " x ", '"\r\n"', "–", '5" pipe']
    lines = [",".join(chance.choices(cells, k=3)) for _ in range(60)]
    ends = chance.choices(["\n", "\r\n"], k=60)
    text = f"phone number,name,c{ends[0]}" + "".join(line + end for line, end in zip(lines, ends, strict=True)) + "z"
    content = text.encode(encoding)
    found = survey(len(content), read_from(content), Channel.SMS)
    rows = list(rows_from(found, read_from(content), found.body_start))
    bounds = [found.body_start, *(row.end for row in rows)]
    assert bounds[-1] == len(content)
    for _ in range(30):
        first, last = sorted(chance.sample(range(len(rows) + 1), 2))
        part = content[bounds[first] : bounds[last]]
        assert list(all_rows(part, found.encoding, found.delimiter)) == [row.cells for row in rows[first:last]]
        resumed = rows_from(found, read_from(content), bounds[first])
        assert [row.end for row in resumed] == bounds[first + 1 :]


def test_the_separator_is_the_one_that_names_the_recipients() -> None:
    assert surveyed(b"a,b,c;phone number\n").delimiter == ";"
    assert surveyed(b"phone number;a,b,c,d\n").delimiter == ";"
    assert surveyed(b"phone number\n").delimiter == ","
    assert surveyed(b"email address\tname, first\n", Channel.EMAIL).delimiter == "\t"
    assert surveyed(b"x;y\n").delimiter == ";"


def test_empty_columns_at_the_end_that_repeat_others_do_not_count() -> None:
    assert surveyed(b"phone number,name,,,\n1,2,,,\n").header == ("phone number", "name", "")
    assert surveyed(b"phone number,name,name\n1,2,\n").header == ("phone number", "name")
    assert surveyed(b"phone number,name,name\n1,2,3\n").header == ("phone number", "name", "name")
