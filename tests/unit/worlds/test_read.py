"""Every problem of a world file is told with its path, and the JSON Schema refuses what the reader refuses."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from attrs import fields
from jsonschema import Draft202012Validator

from notify_core.services.model import Permission
from notify_core.vocabulary import Channel, KeyType
from notify_core.worlds.kinds import ListOf, Object
from notify_core.worlds.model import World
from notify_core.worlds.read import InvalidWorld, read_world, world_schema

ROOT = Path(__file__).parents[3]
SCHEMA = Draft202012Validator(world_schema())

WHOLE: dict[str, Any] = {
    "$schema": "./world.schema.json",
    "users": [
        {"id": str(UUID(int=1)), "name": "Jo", "email_address": "Jo@example.com", "mobile_number": "07700 900123"}
    ],
    "services": [
        {
            "name": "Bins",
            "id": str(UUID(int=2)),
            "archived": False,
            "trial_mode": True,
            "permissions": ["sms", "email", "inbound_sms"],
            "prefix_sms": False,
            "custom_email_sender_name": "The bins",
            "contact_link": "https://example.com",
            "rate_limit": 10,
            "limits": {"sms": 0, "email": 1, "letter": 2, "international_sms": 3},
            "retention_days": {"sms": 1, "email": 90, "letter": 7},
            "idempotent_references": True,
            "when_in_doubt": "fail",
            "organisation_type": "nhs_local",
            "guest_list": ["07700 900124", "guest@example.com"],
            "team": ["jo@EXAMPLE.com"],
            "sms_senders": [{"text": "BINS", "is_default": True, "id": str(UUID(int=3))}, {"text": "07700900125"}],
            "reply_tos": [{"email_address": "a@example.com", "is_default": True, "id": str(UUID(int=4))}],
            "api_keys": [
                {"name": "live"},
                {"name": "old", "type": "test", "revoked": True, "secret": "0F0e0d0c-1111-4222-8333-444455556666"},
            ],
            "templates": [
                {
                    "name": "Bin day",
                    "type": "email",
                    "id": str(UUID(int=5)),
                    "archived": True,
                    "versions": [
                        {"content": " Hi ", "subject": "S", "has_unsubscribe_link": True},
                        {"content": "Hello", "subject": "S", "created_by": "jo@example.com"},
                    ],
                }
            ],
            "inbound_number": "07700 900126",
            "callbacks": [
                {
                    "url": "https://bins.example/notify",
                    "bearer_token": "long-enough",
                    "kinds": ["delivery_status"],
                    "statuses": ["delivered"],
                    "channels": ["sms"],
                    "removed": True,
                },
            ],
            "received_texts": [
                {"from": "07700 900127", "content": "Where?", "received_at": "2026-11-21T10:30:00.5+01:00"},
                {"from": "07700 900127", "content": "Where?"},
            ],
        }
    ],
}


def changed(path: str, value: object) -> dict[str, Any]:
    """Return the whole world with another value at `path`."""
    document = deepcopy(WHOLE)
    *way, last = path.split(".")
    place: Any = document
    for key in way:
        place = place[int(key)] if isinstance(place, list) else place[key]
    if isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value
    return document


def problems(document: object) -> list[str]:
    with pytest.raises(InvalidWorld) as refused:
        read_world(document)
    return list(refused.value.problems)


def test_everything_is_read() -> None:
    world = read_world(WHOLE)
    [service] = world.services
    assert service.permissions == (Permission.SMS, Permission.EMAIL, Permission.INBOUND_SMS)
    assert list(service.retention_days.items()) == [(Channel.EMAIL, 90), (Channel.SMS, 1), (Channel.LETTER, 7)]
    assert service.api_keys[0].type is KeyType.NORMAL
    assert service.api_keys[1].secret == "0f0e0d0c-1111-4222-8333-444455556666"
    assert service.templates[0].versions[0].content == " Hi "
    assert service.received_texts[0].received_at == datetime(2026, 11, 21, 9, 30, 0, 500_000, tzinfo=UTC)
    assert SCHEMA.is_valid(WHOLE)


def test_this_file_leaves_no_field_out() -> None:
    """So that what holds for WHOLE holds for all that a file can say."""

    def check(kind: Object, documents: list[dict[str, Any]]) -> None:
        assert set(kind.definition()["properties"]) == {key for document in documents for key in document}
        for attribute in fields(kind.model):
            key, inner = attribute.metadata["key"] or attribute.name, attribute.metadata["kind"]
            values = [document[key] for document in documents if key in document]
            if isinstance(inner, ListOf):
                inner, values = inner.kind, [item for value in values for item in value]
            if isinstance(inner, Object):
                check(inner, values)

    check(Object(World), [WHOLE])


@pytest.mark.parametrize("document", [{}, {"services": []}, {"services": [{"name": "Bins"}]}])
def test_little_is_needed(document: dict[str, Any]) -> None:
    read_world(document)
    assert SCHEMA.is_valid(document)


SERVICE = "services.0"


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("sevices", [], "sevices: is not known here; did you mean services?"),
        ("zzz", [], "zzz: is not known here; known are $schema, users, services"),
        ("services", {}, "services: a mapping is not a list"),
        (SERVICE, "Bins", "services.0: 'Bins' is not a mapping of name, id, archived,"),
        (f"{SERVICE}.name", " ", "services.0.name: is empty"),
        (f"{SERVICE}.name", 5, "services.0.name: is a number where a text belongs; put it in quotes"),
        (f"{SERVICE}.name", None, "services.0.name: nothing is not a text"),
        (f"{SERVICE}.name", "n" * 256, "services.0.name: is 256 characters long; use at most 255"),
        (
            f"{SERVICE}.name",
            "a\0b",
            "services.0.name: holds a character that cannot be stored, such as NUL: remove it",
        ),
        (f"{SERVICE}.name", "\ud800", "services.0.name: holds a character that cannot be stored"),
        (f"{SERVICE}.trial_mode", "maybe", "services.0.trial_mode: 'maybe' is neither true nor false"),
        (f"{SERVICE}.rate_limit", 0, "services.0.rate_limit: 0 is not a whole number from 1 to 2147483647"),
        (f"{SERVICE}.rate_limit", True, "services.0.rate_limit: true is not a whole number"),
        (f"{SERVICE}.limits.sms", -1, "services.0.limits.sms: -1 is not a whole number from 0"),
        (f"{SERVICE}.retention_days.sms", 91, "services.0.retention_days.sms: 91 is not a whole number from 1 to 90"),
        (f"{SERVICE}.permissions.0", "smss", "services.0.permissions.0: 'smss' is not one of email, sms, letter,"),
        (f"{SERVICE}.permissions", "sms", "services.0.permissions: 'sms' is not a list"),
        (f"{SERVICE}.id", "12", "services.0.id: '12' is not a UUID such as"),
        (f"{SERVICE}.api_keys.1.type", "live", "services.0.api_keys.1.type: 'live' is not one of normal, team, test"),
        (f"{SERVICE}.api_kyes", [], "services.0.api_kyes: is not known here; did you mean api_keys?"),
        (
            f"{SERVICE}.received_texts.0.received_at",
            "2026-11-21",
            "services.0.received_texts.0.received_at: '2026-11-21' is not a time with its zone",
        ),
        (f"{SERVICE}.templates.0.versions.0", {}, "services.0.templates.0.versions.0.content: is missing"),
    ],
)
def test_what_has_the_wrong_shape_is_said_and_the_schema_refuses_it(path: str, value: object, problem: str) -> None:
    document = changed(path, value)
    [said] = problems(document)
    assert said.startswith(problem)
    assert not SCHEMA.is_valid(document) or "\0" in str(value) or value == "\ud800"


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (f"{SERVICE}.name", "!?", "services.0.name: needs a letter or a digit, since"),
        (f"{SERVICE}.name", "_archived_2026-11-21-09:30:00_Bins", "services.0.name: is what an archived service is"),
        (
            f"{SERVICE}.custom_email_sender_name",
            "!",
            "services.0.custom_email_sender_name: needs a letter or a digit",
        ),
        (f"{SERVICE}.guest_list.0", "x", "services.0.guest_list.0: is not a valid email address or phone number"),
        (f"{SERVICE}.inbound_number", "x", "services.0.inbound_number: is not a valid phone number"),
        (
            f"{SERVICE}.reply_tos.0.email_address",
            "x",
            "services.0.reply_tos.0.email_address: is not a valid email add",
        ),
        ("users.0.mobile_number", 447700900123, "users.0.mobile_number: is a number where a text belongs; put it in"),
        (f"{SERVICE}.templates.0.versions", [], "services.0.templates.0.versions: is empty; a template has at least"),
        (f"{SERVICE}.templates.0.versions.1.subject", " ", "services.0.templates.0.versions.1.subject: is empty"),
        (
            f"{SERVICE}.sms_senders.1.is_default",
            True,
            "services.0.sms_senders: 0 and 1 are each said to be the default; choose one",
        ),
        (
            f"{SERVICE}.sms_senders.1.text",
            "BINS",
            "services.0.sms_senders.1.text: is the same as that of services.0.sms_senders.0",
        ),
        (
            f"{SERVICE}.api_keys.1.name",
            "live ",
            "services.0.api_keys.1.name: is the same as that of services.0.api_keys.0",
        ),
        (
            f"{SERVICE}.id",
            str(UUID(int=5)),
            "services.0.templates.0.id: is the same as services.0.id; each needs one of its own",
        ),
        (
            f"{SERVICE}.team.0",
            "sam@example.com",
            "services.0.team.0: is not the email_address of any of users; add the person there",
        ),
        (
            f"{SERVICE}.templates.0.versions.1.created_by",
            "sam@example.com",
            "services.0.templates.0.versions.1.created_by: is not the email_address of any of users",
        ),
        (
            f"{SERVICE}.received_texts.0.received_at",
            "2026-02-30T00:00:00Z",
            "services.0.received_texts.0.received_at: '2026-02-30T00:00:00Z' is not a time",
        ),
    ],
)
def test_what_makes_no_sense_is_said(path: str, value: object, problem: str) -> None:
    [said] = problems(changed(path, value))
    assert said.startswith(problem)


def test_received_texts_need_a_number_that_they_came_to() -> None:
    document = deepcopy(WHOLE)
    del document["services"][0]["inbound_number"]
    assert problems(document) == ["services.0.inbound_number: is missing: received_texts came to one"]


def test_a_text_has_no_subject() -> None:
    document = changed(f"{SERVICE}.templates.0.type", "sms")
    assert problems(document) == [
        "services.0.templates.0.versions.0.subject: text messages have none; leave it out",
        "services.0.templates.0.versions.1.subject: text messages have none; leave it out",
    ]


def test_all_problems_are_listed_at_once_and_secrets_are_not() -> None:
    document = changed(f"{SERVICE}.api_keys.1.secret", "swordfish")
    document["services"] += [{"nme": "x"}, {"name": "Bins", "team": ["sam@example.com"]}]
    with pytest.raises(InvalidWorld) as refused:
        read_world(document)
    assert str(refused.value) == (
        "The world will not do:\n"
        "  - services.0.api_keys.1.secret: has not the form of a UUID, 36 characters long\n"
        "  - services.1.nme: is not known here; did you mean name?\n"
        "  - services.1.name: is missing\n"
        "  - services.2.name: is the same as that of services.0\n"
        "  - services.2.team.0: is not the email_address of any of users; add the person there"
    )


@pytest.mark.parametrize("document", [None, [], "x", 5])
def test_what_is_no_world_at_all_is_said(document: object) -> None:
    [said] = problems(document)
    assert said.endswith("is not a mapping of $schema, users, services")


def test_the_schema_is_one_and_describes_everything() -> None:
    schema = world_schema()
    Draft202012Validator.check_schema(schema)
    definitions = [schema, *schema["$defs"].values()]
    assert all(one["description"] for one in definitions)
    assert all(one["description"] for whole in definitions for one in whole["properties"].values())


def test_the_published_schema_is_this_one() -> None:
    """`notify apply --schema > docs/world.schema.json` makes it so."""
    published = (ROOT / "docs" / "world.schema.json").read_text(encoding="utf-8")
    assert published == json.dumps(world_schema(), indent=2, ensure_ascii=False) + "\n"
