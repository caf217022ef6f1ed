"""Several files at a time, for a limited time, and no more once one has failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import pytest
from attrs import define, field

from notify_adapters.memory import FixedClock
from notify_core.documents.model import Document
from notify_core.documents.ports import DocumentRefused, DocumentsUnavailable
from notify_core.documents.upload import AT_ONCE, PATIENCE, UploadFiles

SERVICE = UUID(int=1)
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@define
class Shelf:
    """Implements `DocumentStore`, each upload taking `seconds`; `problems` are by content."""

    clock: FixedClock
    seconds: float = 0.0
    problems: dict[str, Exception] = field(factory=dict)
    asked: list[str] = field(factory=list)

    def upload(self, service_id: UUID, document: Document) -> str:
        assert service_id == SERVICE
        self.asked.append(document.content)
        self.clock.advance(timedelta(seconds=self.seconds))
        if problem := self.problems.get(document.content):
            raise problem
        return f"https://documents.example/{document.content}"


@define
class Batches:
    """Implements `InFlight`, remembering how much was asked of it at once."""

    sizes: list[int] = field(factory=list)

    def __call__(self, work: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
        self.sizes.append(len(items))
        return [work(item) for item in items]


@pytest.fixture
def shelf(clock: FixedClock) -> Shelf:
    return Shelf(clock)


def uploading(shelf: Shelf, batches: Batches | None = None) -> UploadFiles:
    return UploadFiles(shelf, batches or Batches(), shelf.clock, "https://documents.example")


def documents(count: int) -> dict[str, Document]:
    return {f"doc{number}": Document(content=str(number)) for number in range(count)}


def test_every_file_gets_its_own_link(shelf: Shelf) -> None:
    batches = Batches()
    urls = uploading(shelf, batches)(SERVICE, documents(2 * AT_ONCE + 1))
    assert urls == {f"doc{number}": f"https://documents.example/{number}" for number in range(2 * AT_ONCE + 1)}
    assert batches.sizes == [AT_ONCE, AT_ONCE, 1]


def test_a_refusal_that_stays_is_told_before_a_failure_that_may_pass(shelf: Shelf) -> None:
    shelf.problems = {"0": DocumentsUnavailable("down"), "2": DocumentRefused("virus"), "3": DocumentRefused("size")}
    with pytest.raises(DocumentRefused, match="virus"):
        uploading(shelf)(SERVICE, documents(4))


@pytest.mark.parametrize("problem", [DocumentRefused("virus"), DocumentsUnavailable("down"), RuntimeError("a bug")])
def test_after_a_problem_no_further_upload_begins(shelf: Shelf, problem: Exception) -> None:
    shelf.problems = {"1": problem}
    with pytest.raises(type(problem)) as raised:
        uploading(shelf)(SERVICE, documents(5 * AT_ONCE))
    assert raised.value is problem
    assert len(shelf.asked) == AT_ONCE


def test_patience_has_an_end(shelf: Shelf) -> None:
    uploads = AT_ONCE + AT_ONCE // 2
    shelf.seconds = PATIENCE.total_seconds() / uploads
    with pytest.raises(DocumentsUnavailable, match="too long"):
        uploading(shelf)(SERVICE, documents(3 * AT_ONCE))
    assert len(shelf.asked) == uploads


def test_nothing_is_uploaded_for_nobody(shelf: Shelf) -> None:
    urls = uploading(shelf).for_nobody(SERVICE, documents(2))
    assert set(urls.values()) == {f"https://documents.example/services/{SERVICE}/documents/test-document"}
    assert list(urls) == ["doc0", "doc1"]
    assert shelf.asked == []
