"""The official Python client reads what people have texted."""

from __future__ import annotations

import uuid

from notify_cli.dev.system import DevSystem
from tests.integration.system.conftest import MANY, OF_MANY_PAGES, PAGE, client_for, client_of, service_of
from tests.integration.system.python_client.conftest import bad_request, refused


def test_received_texts_are_read_to_their_end(system: DevSystem) -> None:
    client = client_of(system)
    assert client.get_received_texts()["received_text_messages"] == []
    assert list(client.get_received_texts_iterator()) == []


def test_received_texts_are_shown_as_they_came(system: DevSystem) -> None:
    client = client_for(system)
    answer = client.get_received_texts()
    texts = answer["received_text_messages"]
    service_id = service_of(system)["id"]
    assert sorted((text["user_number"], text["content"]) for text in texts) == [
        ("447700900204", "Thank you"),
        ("447700900204", "Which bin is it?"),
        ("447700900205", "The blue one – merci 🗑"),
    ]
    assert {(text["notify_number"], text["service_id"]) for text in texts} == {("07700900203", service_id)}
    assert all(
        sorted(text) == ["content", "created_at", "id", "notify_number", "service_id", "user_number"]
        for text in texts
    )
    current = f"{system.ready_document()['base_url']}/v2/received-text-messages"
    assert answer["links"] == {"current": current, "next": f"{current}?older_than={texts[-1]['id']}"}


def test_received_texts_are_read_on_from_any_of_them(system: DevSystem) -> None:
    client = client_for(system)
    texts = client.get_received_texts()["received_text_messages"]
    assert client.get_received_texts(older_than=texts[0]["id"])["received_text_messages"] == texts[1:]
    assert list(client.get_received_texts_iterator()) == texts
    assert list(client.get_received_texts_iterator(older_than=texts[1]["id"])) == texts[2:]
    assert client.get_received_texts(older_than=str(uuid.uuid4()))["received_text_messages"] == []
    assert refused(client.get_received_texts, older_than="x") == bad_request(
        "older_than is not a valid UUID", "ValidationError"
    )


def test_texts_that_came_at_the_same_moment_come_once_each_across_pages(system: DevSystem) -> None:
    client = client_for(system, "test", OF_MANY_PAGES)
    assert len(client.get_received_texts()["received_text_messages"]) == PAGE
    texts = list(client.get_received_texts_iterator())
    assert len({text["created_at"] for text in texts}) == 1
    assert sorted(text["content"] for text in texts) == sorted(f"Text {number}" for number in range(MANY))
