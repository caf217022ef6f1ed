"""Contact lists, as the website keeps them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from notify_core.files.ports import FilesUnavailable, StoredFile
from notify_core.jobs.model import file_name
from tests.unit.conftest import make_town
from tests.unit.web.internal.conftest import USER, Website, refused

FILE = StoredFile(b"phone number\n07700900123\n")


def body(**changes: Any) -> dict[str, Any]:
    """Return a list that is taken in, changed. Values that are ... are left out."""
    right: dict[str, Any] = {
        "id": str(uuid4()),
        "original_file_name": "people.csv",
        "row_count": 100,
        "template_type": "email",
        "created_by": USER,
    }
    return {name: value for name, value in (right | changes).items() if value is not ...}


def test_a_list_is_kept_shown_and_removed_with_its_file(website: Website) -> None:
    town, files = website.web.town, website.web.town.platform.contact_list_files
    wanted = body()
    name = file_name(town.service.id, UUID(wanted["id"]))
    files.put(name, FILE)
    made = website.post("/contact-list", wanted)
    assert made.status == 201
    assert made.json == {
        "id": wanted["id"],
        "original_file_name": "people.csv",
        "row_count": 100,
        "template_type": "email",
        "service_id": str(town.service.id),
        "created_by": "Notify user",
        "created_at": "2026-11-21T12:00:00.000000Z",
        "has_jobs": False,
        "recent_job_count": 0,
    }
    assert website.get("/contact-list").json == [made.json]
    assert website.get(f"/contact-list/{wanted['id']}").json == made.json

    removed = website.delete(f"/contact-list/{wanted['id']}")
    assert (removed.status, removed.body) == (204, b"")
    assert files.get(name) is None
    assert website.get("/contact-list").json == []
    for again in (website.get(f"/contact-list/{wanted['id']}"), website.delete(f"/contact-list/{wanted['id']}")):
        assert refused(again) == (404, "No result found")


def test_lists_are_shown_newest_first_and_to_their_service_only(website: Website) -> None:
    town = website.web.town
    ids = [str(uuid4()) for _ in range(3)]
    for one in ids:
        assert website.post("/contact-list", body(id=one)).status == 201
        town.clock.advance(timedelta(seconds=1))
    assert [one["id"] for one in website.get("/contact-list").json] == ids[::-1]
    other = make_town(town.platform, town.clock, name="Other").service.id
    for path, method in ((f"/contact-list/{ids[0]}", "GET"), (f"/contact-list/{ids[0]}", "DELETE")):
        reply = website.web.request(method, f"/service/{other}{path}", headers=website.signed())
        assert refused(reply) == (404, "No result found")
    assert website.web.request("GET", f"/service/{other}/contact-list", headers=website.signed()).json == []
    assert len(website.get("/contact-list").json) == 3


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"id": ...}, ["id is a required property"]),
        ({"id": "x"}, ["id is not a valid UUID"]),
        ({"original_file_name": ""}, ["original_file_name  should be non-empty"]),
        ({"original_file_name": 5}, ["original_file_name 5 is not of type string"]),
        ({"original_file_name": "x" * 256}, [f"original_file_name {'x' * 256} is too long"]),
        ({"row_count": "5"}, ["row_count 5 is not of type integer"]),
        ({"row_count": True}, ["row_count True is not of type integer"]),
        ({"row_count": -1}, ["row_count -1 is less than the minimum of 0"]),
        ({"row_count": 2**31}, ["row_count 2147483648 is greater than the maximum of 2147483647"]),
        ({"template_type": "letter"}, ["template_type letter is not one of [email, sms]"]),
        (
            {"template_type": ..., "created_by": ...},
            ["template_type is a required property", "created_by is a required property"],
        ),
    ],
)
def test_what_breaks_the_schema_is_told_at_once(website: Website, changes: dict[str, Any], told: list[str]) -> None:
    reply = website.post("/contact-list", body(**changes))
    assert (reply.status, reply.json["status_code"], reply.messages) == (400, 400, told)
    assert {error["error"] for error in reply.json["errors"]} == {"ValidationError"}
    assert website.get("/contact-list").json == []


def test_properties_that_nobody_knows_are_not_looked_at(website: Website) -> None:
    assert website.post("/contact-list", body(more="of it", row_count=5.0)).json["row_count"] == 5


@pytest.mark.parametrize("said", [b"", b" ", b"{", b"\xff", b'{"id": "\\ud800"}'])
def test_what_cannot_be_read_is_refused(website: Website, said: bytes) -> None:
    sentence = "The browser (or proxy) sent a request that this server could not understand."
    assert refused(website.post("/contact-list", said)) == (400, sentence)


def test_a_body_that_is_no_object_is_refused(website: Website) -> None:
    assert refused(website.post("/contact-list", ["x"])) == (400, {"_schema": ["Invalid input type."]})


def test_a_list_is_of_a_service_by_a_user_and_of_an_id_of_its_own(website: Website) -> None:
    stranger, wanted = str(uuid4()), body()
    reply = website.post("/contact-list", body(created_by=stranger))
    assert refused(reply) == (400, {"created_by": [f"There is no user with id {stranger}"]})
    assert website.post("/contact-list", wanted).status == 201
    again = website.post("/contact-list", wanted)
    assert refused(again) == (409, {"id": ["There is a contact list with this id already"]})
    nobodys = f"/service/{uuid4()}/contact-list"
    reply = website.web.request("POST", nobodys, json.dumps(body()).encode(), website.signed())
    assert refused(reply) == (404, "No result found")
    assert website.web.request("GET", nobodys, headers=website.signed()).json == []


def test_a_list_stays_while_its_file_cannot_be_removed(website: Website, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = body()
    website.post("/contact-list", wanted)

    def fail(*_: object) -> None:
        raise FilesUnavailable("S3 cannot be reached")

    with monkeypatch.context() as broken:
        broken.setattr(type(website.web.town.platform.contact_list_files), "remove", fail)
        reply = website.delete(f"/contact-list/{wanted['id']}")
    assert refused(reply) == (503, "Files cannot be reached at the moment, please try again")
    assert reply.header("retry-after") == "5"
    assert website.delete(f"/contact-list/{wanted['id']}").status == 204
