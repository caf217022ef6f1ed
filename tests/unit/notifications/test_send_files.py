"""Emails with files: uploaded once nothing else can be wrong, then stored and shown as links."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from notify_adapters.memory import FixedClock, MemoryPlatform, in_memory
from notify_core.documents.files import InvalidFile
from notify_core.documents.model import Document
from notify_core.documents.ports import DocumentRefused, DocumentsUnavailable
from notify_core.errors import NotAllowed, NotifyError
from notify_core.notifications import refusals
from notify_core.notifications.send import Accepted
from notify_core.recipients import InvalidEmailAddress
from notify_core.templates.write import NewTemplate
from notify_core.vocabulary import Channel, KeyType
from tests.unit.conftest import Town, make_town

FILE = {"file": base64.b64encode(b"Hello").decode()}


@pytest.fixture
def town(platform: MemoryPlatform, clock: FixedClock) -> Town:
    return make_town(platform, clock, contact_link="https://bins.example/contact")


def template(town: Town, content: str) -> Any:
    wanted = NewTemplate(
        service_id=town.service.id, name="Files", channel=Channel.EMAIL, subject="Files", content=content
    )
    return town.platform.notify.create_template(wanted).id


def mail(town: Town, content: str = "Read ((form))", address: str = "Jo@Example.com", **values: object) -> Accepted:
    return town.mail(address, template_id=template(town, content), personalisation={"form": FILE} | values)


def count(town: Town, accepted: Accepted) -> int | None:
    found = town.platform.notify.find_notification(town.service.id, accepted.id)
    return found.notification.document_download_count


def test_the_link_takes_the_place_of_the_file_everywhere(town: Town) -> None:
    accepted = mail(town)
    [(url, document)] = town.platform.documents.kept.items()
    assert accepted.body == f"Read {url}"
    found = town.platform.notify.find_notification(town.service.id, accepted.id)
    assert (found.body, found.contents.personalisation) == (accepted.body, {"form": url})
    assert found.notification.document_download_count == 1
    assert document.confirmation_email == "jo@example.com"
    town.platform.run()
    assert url in town.platform.inboxes.sent[0].html


def test_every_file_is_counted_and_no_files_are_null(town: Town) -> None:
    assert count(town, mail(town, other=FILE)) == 2
    assert count(town, town.mail()) is None


def test_objects_and_lists_without_a_file_are_text(town: Town) -> None:
    accepted = mail(town, "((form)) ((list)) ((object))", list=[FILE], object={"content": "x"})
    assert len(town.platform.documents.kept) == 1
    assert "{'content': 'x'}" in accepted.body


def test_a_file_is_not_sanitised_and_neither_is_its_link(town: Town) -> None:
    accepted = town.mail(
        template_id=template(town, "((form)) ((name))"),
        personalisation={"form": FILE, "name": "*Jo*"},
        sanitise_content_for=("form", "name"),
    )
    [url] = town.platform.documents.kept
    assert accepted.body == f"{url} \\*Jo\\*"
    assert list(accepted.sanitised) == ["name"]


def test_of_two_spellings_the_later_value_holds_file_or_not(town: Town) -> None:
    accepted = mail(town, "((form))", FORM="text")
    assert accepted.body == "text"


def test_a_message_that_is_nothing_but_a_link_is_not_empty(town: Town) -> None:
    assert mail(town, "((form))").body.startswith("https://")


def test_for_simulated_recipients_nothing_is_uploaded(clock: FixedClock) -> None:
    town = make_town(in_memory(clock=clock), clock, contact_link="https://bins.example/contact")
    accepted = mail(town, address="simulate-delivered@notifications.service.gov.uk")
    assert accepted.body == f"Read http://localhost:7000/services/{town.service.id}/documents/test-document"
    assert town.platform.documents.kept == {}
    assert not accepted.counted


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"personalisation": {"form": {"file": 1}, "pad": ""}}, InvalidFile),
        ({"personalisation": {"other": FILE}}, refusals.MissingPersonalisation),
        ({"personalisation": {"form": FILE, "pad": "x" * 2_000_000}}, refusals.EmailTooLong),
        ({"address": "stranger"}, InvalidEmailAddress),
        ({"key": KeyType.TEAM}, NotAllowed),
        ({"email_reply_to_id": "7b4f3a04-0000-4000-8000-000000000000"}, refusals.SenderNotFound),
    ],
)
def test_nothing_is_uploaded_for_a_message_that_is_refused(
    town: Town, more: dict[str, Any], refusal: type[NotifyError]
) -> None:
    request = {
        "template_id": template(town, "((form)) ((pad??)) ((pad))"),
        "personalisation": {"form": FILE, "pad": ""},
    }
    with pytest.raises(refusal):
        town.mail(**request | more)
    assert town.platform.documents.kept == {}


def test_nothing_is_uploaded_without_a_contact_link(platform: MemoryPlatform, clock: FixedClock) -> None:
    town = make_town(platform, clock)
    with pytest.raises(refusals.FilesNotSetUp):
        mail(town)
    with pytest.raises(InvalidFile):
        mail(town, form={"file": FILE["file"], "is_csv": "yes"})
    assert platform.documents.kept == {}


def test_a_message_that_its_links_make_too_long_is_refused(town: Town) -> None:
    with pytest.raises(refusals.EmailTooLong):
        mail(town, "((pad)) ((form))", pad="x" * 1_999_990)
    assert len(town.platform.documents.kept) == 1
    assert_nothing_stored(town)


@pytest.mark.parametrize(
    ("problem", "files"),
    [
        (DocumentRefused("File did not pass the virus scan"), FILE),
        (DocumentsUnavailable("down"), FILE),
        (None, {"file": "x"}),
    ],
)
def test_when_a_file_is_not_kept_nothing_is_stored(
    town: Town, problem: NotifyError | None, files: dict[str, str]
) -> None:
    if problem is not None:
        town.platform.documents.failures.append(problem)
    with pytest.raises((DocumentRefused, DocumentsUnavailable)):
        mail(town, form=files)
    assert_nothing_stored(town)


def test_no_connection_is_held_while_files_are_uploaded(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    database, documents = town.platform.database, town.platform.documents
    begin, upload = database.statement, documents.upload
    held = 0
    seen: list[int] = []

    @contextmanager
    def statement(_: object) -> Iterator[Any]:
        nonlocal held
        held += 1
        with begin() as work:
            yield work
        held -= 1

    def upload_and_look(service_id: UUID, document: Document) -> str:
        seen.append(held)
        return upload(service_id, document)

    monkeypatch.setattr(type(database), "statement", statement)
    monkeypatch.setattr(documents, "upload", upload_and_look)
    mail(town)
    assert (seen, held) == ([0], 0)


def assert_nothing_stored(town: Town) -> None:
    assert town.platform.notify.relay_outbox().published == 0
