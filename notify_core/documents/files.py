"""Files among the values of an email: which values they are, and what makes one right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeGuard

from notify_core.documents.model import DEFAULT_RETENTION, Document
from notify_core.errors import InvalidContent
from notify_core.violations import echo, shorten, unexpected

File = Mapping[str, object]
"""A file as it is sent: base64 under `file`, and how to treat it."""

_KNOWN = frozenset({"file", "is_csv", "confirm_email_before_download", "retention_period", "filename"})
_WEEKS = re.compile(r"0*([1-9][0-9]?) weeks?")
_LONGEST_RETENTION = 78


class InvalidFile(InvalidContent):
    """A value is a file, and is not given as files are. `violations` are all the ways, each a sentence."""

    code = "invalid-file"

    def __init__(self, *violations: str) -> None:
        super().__init__(". ".join(violations))
        self.violations = violations


def is_file(value: object) -> TypeGuard[File]:
    """Whether a value is a file: an object with a `file` in it. Any other object is shown as text."""
    return isinstance(value, Mapping) and "file" in value


def files_in(values: Mapping[str, object]) -> dict[str, File]:
    """Return the values that are files, by name, in their order.

    >>> files_in({"name": "Jo", "form": {"file": "eA=="}, "list": [{"file": "eA=="}]})
    {'form': {'file': 'eA=='}}
    """
    return {name: value for name, value in values.items() if is_file(value)}


def read_files(files: Mapping[str, File], recipient: str) -> dict[str, Document]:
    """Return the documents to upload for this recipient, a normalised address.

    Raises InvalidFile with everything that is wrong with the first file that will not do.
    """
    return {name: _read(file, recipient) for name, file in files.items()}


def _read(file: File, recipient: str) -> Document:
    violations = tuple(_violations(file))
    content, filename = file["file"], file.get("filename")
    if violations or not isinstance(content, str):
        raise InvalidFile(*violations)
    return Document(
        content=content,
        is_csv=file.get("is_csv") is True,
        retention_period=_text(file.get("retention_period")) or DEFAULT_RETENTION,
        filename=_text(filename),
        confirmation_email=None if file.get("confirm_email_before_download") is False else recipient,
    )


def _violations(file: File) -> Iterator[str]:
    if surplus := {str(name) for name in file.keys() - _KNOWN}:
        yield unexpected(surplus)
    if not isinstance(file["file"], str):
        yield f"file {echo(file['file'])} is not of type string"
    for name in ("is_csv", "confirm_email_before_download"):
        value = file.get(name)
        if value is not None and not isinstance(value, bool):
            yield f"{_unsupported(name, value)} Use a boolean true or false value."
    period = file.get("retention_period")
    if period is not None and not _is_supported(period):
        yield f"{_unsupported('retention_period', period)} Supported periods are from 1 to 78 weeks."
    filename = file.get("filename")
    if filename is not None and not (isinstance(filename, str) and "." in filename):
        yield "filename `filename` must end with a file extension. For example, filename.csv"
    if "is_csv" in file and "filename" in file:
        yield "Do not set a value for `is_csv` if `filename` is set."


def _unsupported(name: str, value: object) -> str:
    return f"{name} Unsupported value for {name}: {shorten(_told(value))}."


def _told(value: object) -> str:
    """Return a text as it is, anything else as Python writes it; in either case without apostrophes."""
    return (value if isinstance(value, str) else repr(value)).replace("'", "")


def _is_supported(period: object) -> bool:
    """Whether a period is 1 to 78 weeks, however it is capitalised."""
    if not isinstance(period, str):
        return False
    weeks = _WEEKS.fullmatch(period.strip().lower())
    return weeks is not None and int(weeks[1]) <= _LONGEST_RETENTION


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
