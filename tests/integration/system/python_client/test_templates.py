"""The official Python client reads templates, their versions, and what they make of values."""

from __future__ import annotations

from typing import Any

import pytest

from notify_cli.dev.system import DevSystem
from tests.integration.system.conftest import client_for, client_of, template_of
from tests.integration.system.python_client.conftest import IN_COLOUR, VALUES, bad_request, refused


def test_templates_are_read_and_previewed(system: DevSystem) -> None:
    client = client_of(system)
    template = system.world["templates"]["sms"]
    shown = client.get_template(template)
    assert shown == client.get_template_version(template, shown["version"])
    assert list(shown["personalisation"]) == ["day", "name"]
    assert shown in client.get_all_templates()["templates"]
    assert all(other["type"] == "email" for other in client.get_all_templates("email")["templates"])
    preview = client.post_template_preview(template, VALUES)
    assert (preview["body"], preview["html"]) == ("Hello Jo, your bins are collected on Monday.", None)


@pytest.mark.parametrize(
    ("version", "body", "placeholders", "author"),
    [
        (1, "Your bins go out.", [], "amal@example.gov.uk"),
        (2, "Your bins go out on ((day)).", ["day"], "amal@example.gov.uk"),
        (3, "((name)), put your ((colour)) bin out on ((day)).", ["colour", "day", "name"], None),
    ],
)
def test_each_version_is_as_it_was_written(
    system: DevSystem, version: int, body: str, placeholders: list[str], author: str | None
) -> None:
    shown = client_for(system).get_template_version(template_of(system), version)
    assert (shown["version"], shown["name"], shown["type"]) == (version, "Bin day", "sms")
    assert (shown["body"], shown["subject"]) == (body, None)
    assert shown["personalisation"] == {name: {"required": True} for name in placeholders}
    assert (shown["created_by"] == "amal@example.gov.uk") is (author is not None)


def test_a_version_that_there_is_not_is_not_found(system: DevSystem) -> None:
    client, template = client_for(system), template_of(system)
    assert client.get_template_version(template, 0) == client.get_template(template)
    missing = (404, [{"error": "NoResultFound", "message": "No result found"}])
    assert refused(client.get_template_version, template, 4) == missing
    assert refused(client.get_template, client.service_id) == missing
    assert refused(client.get_template, "x") == bad_request("id is not a valid UUID", "ValidationError")


def test_an_archived_template_can_be_read_and_is_not_listed(system: DevSystem) -> None:
    client, archived = client_for(system), template_of(system, "Strike")
    assert client.get_template(archived)["body"] == "There is no collection this week."
    assert client.post_template_preview(archived, {})["body"] == "There is no collection this week."
    assert archived not in [template["id"] for template in client.get_all_templates()["templates"]]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (None, ["Bin day", "Missed collection", "Yearly calendar"]),
        ("sms", ["Bin day"]),
        ("email", ["Missed collection"]),
        ("letter", ["Yearly calendar"]),
    ],
)
def test_templates_are_listed_by_type(system: DevSystem, wanted: str | None, names: list[str]) -> None:
    client = client_for(system)
    listed = client.get_all_templates(template_type=wanted)["templates"]
    assert [template["name"] for template in listed] == names
    assert listed == [client.get_template(template["id"]) for template in listed]


def test_a_type_that_there_is_not_is_refused(system: DevSystem) -> None:
    assert refused(client_for(system).get_all_templates, "pigeon") == bad_request(
        "type pigeon is not one of [sms, email, letter]", "ValidationError"
    )


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("Bin day", {"body": "Jo, put your blue bin out on Monday.", "subject": None, "type": "sms", "version": 3}),
        (
            "Missed collection",
            {
                "body": "# Sorry, Jo\n\nWe come again on Monday.",
                "subject": "Sorry, Jo",
                "type": "email",
                "version": 2,
            },
        ),
        (
            "Yearly calendar",
            {
                "body": "Dear Jo, here is your calendar.",
                "subject": "Your calendar",
                "type": "letter",
                "version": 1,
            },
        ),
    ],
)
def test_a_preview_shows_what_would_be_sent(system: DevSystem, template: str, expected: dict[str, Any]) -> None:
    template_id = template_of(system, template)
    preview = client_for(system).post_template_preview(template_id, IN_COLOUR)
    html = preview.pop("html")
    assert preview == {"id": template_id, "postage": None} | expected
    if expected["type"] == "email":
        assert "We come again on Monday.</p>" in html
    else:
        assert html is None


def test_a_preview_needs_its_values(system: DevSystem) -> None:
    client, template = client_for(system), template_of(system)
    assert refused(client.post_template_preview, template, {"colour": "blue"}) == bad_request(
        "Missing personalisation: name, day"
    )
    assert refused(client.post_template_preview, template, None) == bad_request(
        "personalisation None is not of type object", "ValidationError"
    )


def test_all_versions_at_once_are_not_for_clients(system: DevSystem) -> None:
    # What the client asks there is nothing that the public API has ever had.
    assert refused(client_for(system).get_all_template_versions, template_of(system))[0] == 404
