"""A world comes about, stays as it is when it is applied again, and refuses to contradict what cannot change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from notify_adapters.memory import FixedClock, MemoryPlatform
from notify_core.services.model import DEFAULT_PERMISSIONS, MessageLimits, Permission, Service, WhenInDoubt
from notify_core.templates.write import NewTemplate
from notify_core.users.model import NOTIFY_USER_ID
from notify_core.vocabulary import Channel, KeyType
from notify_core.worlds.applied import AppliedWorld, Change
from notify_core.worlds.read import read_world

SECRET = "0f0e0d0c-1111-4222-8333-444455556666"


def apply(platform: MemoryPlatform, *services: dict[str, Any], **more: Any) -> AppliedWorld:
    applied = platform.notify.apply_world(read_world({"services": list(services), **more}))
    platform.notify.directory.forget()
    return applied


def stored(platform: MemoryPlatform, name: str = "Bins") -> Service:
    with platform.database.statement() as work:
        return work.services.list_called(name)[0]


def text(name: str = "Bin day", *contents: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": "sms",
        "versions": [{"content": content} for content in contents or ("Hi",)],
        **more,
    }


def test_a_name_is_enough_for_a_service_with_the_platforms_defaults(
    platform: MemoryPlatform, clock: FixedClock
) -> None:
    applied = apply(platform, {"name": " Bins "})
    service = stored(platform)
    assert applied.services["Bins"].id == service.id
    assert applied.services["Bins"].change is Change.CREATED
    assert (service.restricted, service.prefix_sms, service.active) == (False, True, True)
    assert service.permissions == DEFAULT_PERMISSIONS
    assert [(sender.text, sender.is_default) for sender in service.sms_senders] == [("NOTIFY", True)]
    assert service.created_at == clock()


def test_what_the_file_says_of_a_service_is_so_and_what_it_leaves_out_stays(platform: MemoryPlatform) -> None:
    apply(
        platform,
        {
            "name": "Bins",
            "trial_mode": True,
            "permissions": ["sms"],
            "limits": {"sms": 5, "letter": 0},
            "retention_days": {"email": 3},
            "guest_list": ["07700 900999", "Guest@Example.com"],
            "rate_limit": 7,
            "contact_link": "https://example.com",
            "custom_email_sender_name": "The bins",
            "idempotent_references": True,
            "when_in_doubt": "fail",
        },
    )
    applied = apply(platform, {"name": "Bins", "limits": {"email": 6}, "retention_days": {"sms": 4}, "rate_limit": 7})
    service = stored(platform)
    assert applied.services["Bins"].change is Change.CHANGED
    assert applied.services["Bins"].fields == ("limits", "retention_days")
    assert service.restricted
    assert service.permissions == {Permission.SMS}
    assert service.limits == MessageLimits(sms=5, email=6, letter=0)
    assert service.retention_days == {Channel.EMAIL: 3, Channel.SMS: 4}
    assert service.guest_list == {"447700900999", "guest@example.com"}
    assert (service.rate_limit, service.contact_link, service.idempotent_references) == (
        7,
        "https://example.com",
        True,
    )
    assert service.email_sender_name == "The bins"
    assert service.when_in_doubt is WhenInDoubt.FAIL
    apply(platform, {"name": "Bins", "guest_list": []})
    assert stored(platform).guest_list == frozenset()


def test_senders_are_added_and_keep_their_ids_and_one_is_the_default(platform: MemoryPlatform) -> None:
    first = apply(
        platform, {"name": "Bins", "sms_senders": [{"text": "ONE"}, {"text": "TWO", "id": str(UUID(int=2))}]}
    )
    second = apply(
        platform,
        {
            "name": "Bins",
            "sms_senders": [{"text": "TWO", "is_default": True}, {"text": "SIX"}],
            "reply_tos": [{"email_address": "A@example.com"}, {"email_address": "b@example.com", "is_default": True}],
        },
    )
    again = apply(platform, {"name": "Bins", "reply_tos": [{"email_address": "a@example.com"}]})
    service = stored(platform)
    assert first.services["Bins"].sms_senders["TWO"].id == UUID(int=2)
    assert second.services["Bins"].sms_senders["TWO"].change is Change.CHANGED
    assert second.services["Bins"].sms_senders["SIX"].change is Change.CREATED
    assert [(one.text, one.is_default) for one in service.sms_senders] == [
        ("ONE", False),
        ("TWO", True),
        ("SIX", False),
    ]
    assert [(one.address, one.is_default) for one in service.reply_tos] == [
        ("A@example.com", False),
        ("b@example.com", True),
    ]
    assert again.services["Bins"].reply_tos["a@example.com"].change is Change.UNCHANGED
    assert again.services["Bins"].change is Change.UNCHANGED


def test_the_team_is_who_the_file_says(platform: MemoryPlatform) -> None:
    users: list[dict[str, Any]] = [
        {"email_address": "Jo@example.com", "name": "Jo", "mobile_number": "07700 900123"},
        {"email_address": "sam@example.com", "name": "Sam", "id": str(UUID(int=9))},
    ]
    first = apply(platform, {"name": "Bins", "team": ["jo@example.com"]}, users=users)
    assert stored(platform).team == {"jo@example.com", "447700900123"}
    assert {address: one.change for address, one in first.users.items()} == {
        "Jo@example.com": Change.CREATED,
        "sam@example.com": Change.CREATED,
    }
    assert first.users["sam@example.com"].id == UUID(int=9)
    users[0] |= {"name": "Joanna", "mobile_number": "07700 900124"}
    second = apply(
        platform, {"name": "Bins", "team": ["jo@example.com", "SAM@example.com"]}, {"name": "Parking"}, users=users
    )
    assert second.users["Jo@example.com"].change is Change.CHANGED
    assert second.services["Bins"].fields == ("team",)
    assert stored(platform).team == {"jo@example.com", "447700900124", "sam@example.com"}
    assert stored(platform, "Parking").team == frozenset()
    apply(platform, {"name": "Bins"})
    assert stored(platform).team == {"jo@example.com", "447700900124", "sam@example.com"}
    apply(platform, {"name": "Bins", "team": []})
    assert stored(platform).team == frozenset()


def test_keys_of_each_type_are_made_and_revoked(platform: MemoryPlatform, clock: FixedClock) -> None:
    keys: list[dict[str, Any]] = [
        {"name": "live"},
        {"name": "the team's", "type": "team", "secret": SECRET},
        {"name": "old", "type": "test", "revoked": True},
    ]
    first = apply(platform, {"name": "Bins", "api_keys": keys}).services["Bins"]
    assert first.api_keys["the team's"].combined == f"the_teams-{first.id}-{SECRET}"
    assert [(key.type, key.revoked) for key in first.api_keys.values()] == [
        (KeyType.NORMAL, False),
        (KeyType.TEAM, False),
        (KeyType.TEST, True),
    ]
    clock.advance(timedelta(hours=1))
    keys[0]["revoked"] = True
    second = apply(platform, {"name": "Bins", "api_keys": keys}).services["Bins"]
    assert [key.change for key in second.api_keys.values()] == [Change.CHANGED, Change.UNCHANGED, Change.UNCHANGED]
    assert [key.combined for key in second.api_keys.values()] == [key.combined for key in first.api_keys.values()]
    assert first.id is not None
    revoked_at = {key.name: key.revoked_at for key in platform.notify.list_api_keys(first.id)}
    assert revoked_at == {"live": clock(), "the team's": None, "old": clock() - timedelta(hours=1)}


def test_templates_get_the_versions_that_are_missing(platform: MemoryPlatform, clock: FixedClock) -> None:
    users = [{"email_address": "jo@example.com", "name": "Jo"}]
    first = apply(platform, {"name": "Bins", "templates": [text("Bin day", "One", "Two")]}).services["Bins"]
    template_id = first.templates["Bin day"].id
    assert template_id is not None
    wanted = text("Bin day", "One", "Two", "Three", archived=True)
    wanted["versions"][2]["created_by"] = "jo@example.com"
    begun = clock()
    clock.advance(timedelta(hours=1))
    second = apply(platform, {"name": "Bins", "templates": [wanted]}, users=users)
    with platform.database.statement() as work:
        versions = work.templates.list_versions(template_id)
    assert [one.content for one in versions] == ["One", "Two", "Three", "Three"]
    assert [one.created_at for one in versions] == [begun] * 4
    assert [one.archived for one in versions] == [False, False, False, True]
    assert [one.created_by_id for one in versions[:3]] == [
        NOTIFY_USER_ID,
        NOTIFY_USER_ID,
        second.users["jo@example.com"].id,
    ]
    assert second.services["Bins"].templates["Bin day"].version == 4
    assert second.services["Bins"].templates["Bin day"].change is Change.CHANGED
    third = apply(platform, {"name": "Bins", "templates": [text("Bin day", "One", archived=True)]})
    assert third.services["Bins"].templates["Bin day"].change is Change.UNCHANGED


def test_an_archived_service_is_found_again(platform: MemoryPlatform, clock: FixedClock) -> None:
    wanted = {"name": "Bins", "api_keys": [{"name": "k"}], "templates": [text()]}
    live = apply(platform, wanted).services["Bins"]
    clock.advance(timedelta(hours=1))
    archived = apply(platform, wanted | {"archived": True}).services["Bins"]
    clock.advance(timedelta(hours=1))
    again = apply(platform, wanted | {"archived": True}).services["Bins"]
    assert archived.id == again.id == live.id
    assert (archived.change, archived.fields) == (Change.CHANGED, ("name", "active"))
    assert archived.api_keys["k"].revoked
    assert archived.templates["Bin day"].archived
    assert (again.change, again.api_keys["k"].change, again.templates["Bin day"].change) == (Change.UNCHANGED,) * 3
    assert stored(platform).name == f"_archived_{clock() - timedelta(hours=1):%Y-%m-%d-%H:%M:%S}_Bins"


def test_a_service_can_begin_archived(platform: MemoryPlatform) -> None:
    wanted = {"name": "Bins", "archived": True, "api_keys": [{"name": "k"}], "templates": [text()]}
    first, second = apply(platform, wanted).services["Bins"], apply(platform, wanted).services["Bins"]
    assert (first.change, second.change) == (Change.CREATED, Change.UNCHANGED)
    assert first.archived
    assert first.api_keys["k"].revoked
    assert first.templates["Bin day"].archived


def test_a_rehearsal_tells_and_writes_nothing(platform: MemoryPlatform) -> None:
    world = read_world(
        {
            "users": [{"email_address": "jo@example.com", "name": "Jo"}],
            "services": [{"name": "Bins", "team": ["jo@example.com"], "templates": [text()]}, {"name": "Parking"}],
        }
    )
    rehearsed = platform.notify.apply_world(world, rehearse=True)
    assert [one.change for one in rehearsed.services.values()] == [Change.CREATED, Change.CREATED]
    assert rehearsed.users["jo@example.com"].change is Change.CREATED
    assert platform.notify.list_services() == []
    with platform.database.statement() as work:
        assert work.users.find_by_email_address("jo@example.com") is None


BEFORE = {
    "name": "Bins",
    "id": str(UUID(int=1)),
    "sms_senders": [{"text": "BINS", "id": str(UUID(int=2))}],
    "reply_tos": [{"email_address": "a@example.com", "id": str(UUID(int=3))}],
    "api_keys": [{"name": "k", "secret": SECRET}, {"name": "gone", "revoked": True}],
    "templates": [text("Bin day", "Put out the green bin", id=str(UUID(int=4))), text("Old", archived=True)],
}


@pytest.mark.parametrize(
    ("wanted", "conflict"),
    [
        ({"id": str(UUID(int=99))}, f"id: is {UUID(int=1)} in the database and {UUID(int=99)} in the file"),
        ({"name": "Parks", "id": str(UUID(int=1))}, "id: is that of 'Bins' in the database"),
        ({"sms_senders": [{"text": "BINS", "id": str(UUID(int=9))}]}, f"sms_senders.0.id: is {UUID(int=2)} in"),
        ({"reply_tos": [{"email_address": "A@example.com", "id": str(UUID(int=9))}]}, "reply_tos.0.id: is 0000"),
        ({"api_keys": [{"name": "k", "type": "test"}]}, "api_keys.0.type: 'k' is a normal key in the database and a"),
        ({"api_keys": [{"name": "k", "secret": SECRET[:-1] + "0"}]}, "api_keys.0.secret: 'k' has another secret in"),
        ({"api_keys": [{"name": "new", "secret": SECRET}]}, "api_keys: there is one of that identity already"),
        ({"api_keys": [{"name": "gone"}]}, "api_keys.0.revoked: 'gone' is revoked in the database and live in the"),
        (
            {"templates": [text("Bin day", "Put out the blue bin")]},
            (
                "templates.0.versions.0.content: version 1 of 'Bin day' says 'Put out the green bin' in the database"
                " and 'Put out the blue bin' in the file; versions are never rewritten: add one at the end"
            ),
        ),
        (
            {"templates": [{"name": "Bin day", "type": "email", "versions": [{"content": "x", "subject": "y"}]}]},
            "templates.0.type: 'Bin day' is for sms in the database and for email in the file",
        ),
        ({"templates": [text("Old")]}, "templates.0.archived: 'Old' is archived in the database and not in the file"),
        (
            {"templates": [text("Bin day", id=str(UUID(int=9)))]},
            "templates.0.id: is 00000000-0000-0000-0000-00000000",
        ),
        ({"templates": [text("New", id=str(UUID(int=4)))]}, "templates.0.id: is that of 'Bin day' in the database"),
        ({"name": "bins"}, "name: there is a service called 'bins' already, or one that reads the same"),
    ],
)
def test_what_cannot_change_is_a_conflict_and_nothing_of_the_service_is_written(
    platform: MemoryPlatform, wanted: dict[str, Any], conflict: str
) -> None:
    apply(platform, BEFORE)
    before = stored(platform)
    new = {"rate_limit": 5, "templates": [text("Another")], "team": ["jo@example.com"]}
    users = [{"email_address": "jo@example.com", "name": "Jo"}]
    applied = apply(platform, {"name": "Bins", **new, **wanted}, {"name": "Roads"}, users=users)
    [said] = applied.conflicts
    assert said.startswith(f"services.0.{conflict}") or said == f"services.0: {conflict}"
    assert list(applied.services) == ["Roads"]
    assert stored(platform) == before
    assert [one.name for one in platform.notify.list_templates(before.id)] == ["Bin day"]


def test_an_archived_service_does_not_come_back(platform: MemoryPlatform) -> None:
    apply(platform, {"name": "Bins", "archived": True})
    assert apply(platform, {"name": "Bins"}).conflicts == (
        (
            "services.0.archived: 'Bins' is archived in the database and live in the file; that cannot be undone:"
            " give the new one another name"
        ),
    )


def test_a_live_service_comes_before_one_archived_under_its_name(platform: MemoryPlatform) -> None:
    apply(platform, {"name": "Bins", "archived": True})
    made = platform.notify.create_service(new_service("Bins"))
    assert apply(platform, {"name": "Bins"}).services["Bins"].id == made.id


def new_service(name: str) -> Any:
    from notify_core.services.create import NewService

    return NewService(name=name)


def test_all_conflicts_of_a_service_are_told_and_those_of_users_once(platform: MemoryPlatform) -> None:
    users = [{"email_address": "jo@example.com", "name": "Jo"}]
    apply(platform, {"name": "Bins", "templates": [text("A"), text("B", "One", "Two")]}, users=users)
    users = [{"email_address": "jo@example.com", "name": "Jo", "id": str(UUID(int=5))}]
    wanted = {"team": ["jo@example.com"], "templates": [text("A", "Other"), text("B", "One", "Three")]}
    applied = apply(platform, {"name": "Bins", **wanted}, {"name": "Parks", "team": ["jo@example.com"]}, users=users)
    assert [conflict.partition(": ")[0] for conflict in applied.conflicts] == [
        "users.0.id",
        "services.0.templates.0.versions.0.content",
        "services.0.templates.1.versions.1.content",
    ]
    assert applied.services == {}
    assert applied.users == {}


def test_templates_of_one_name_need_an_id(platform: MemoryPlatform) -> None:
    service_id = apply(platform, {"name": "Bins"}).services["Bins"].id
    assert service_id is not None
    new = NewTemplate(service_id=service_id, name="Bin day", channel=Channel.SMS, content="Hi")
    first, second = platform.notify.create_template(new), platform.notify.create_template(new)
    [conflict] = apply(platform, {"name": "Bins", "templates": [text()]}).conflicts
    assert conflict.startswith("services.0.templates.0.name: there are 2 called 'Bin day' in the database")
    assert str(first.id) in conflict
    applied = apply(platform, {"name": "Bins", "templates": [text(id=str(second.id))]})
    assert applied.services["Bins"].templates["Bin day"].id == second.id


QUESTION = {"from": "07700 900127", "content": "Where?"}


def bins(*texts: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"name": "Bins", "inbound_number": "07700 900126", "received_texts": list(texts), **more}


def test_texts_have_come_once_however_often_the_world_is_applied(platform: MemoryPlatform, clock: FixedClock) -> None:
    earlier = QUESTION | {"received_at": "2026-11-19T09:30:00Z"}
    first = apply(platform, bins(QUESTION, QUESTION, earlier))
    clock.advance(timedelta(hours=1))
    second = apply(platform, bins(QUESTION, QUESTION, earlier))
    third = apply(platform, bins(QUESTION, QUESTION, earlier, QUESTION | {"content": "Hello?"}))
    texts = platform.notify.list_received_texts(stored(platform))
    assert [text.content for text in texts] == ["Hello?", "Where?", "Where?", "Where?"]
    assert [text.created_at for text in texts] == [
        clock(),
        clock() - timedelta(hours=1),
        clock() - timedelta(hours=1),
        datetime(2026, 11, 19, 9, 30, tzinfo=UTC),
    ]
    assert {(text.user_number, text.notify_number) for text in texts} == {("447700900127", "07700900126")}
    before, after = first.services["Bins"].received_texts, second.services["Bins"].received_texts
    assert [one.change for one in before] == [Change.CREATED] * 3
    assert [one.change for one in after] == [Change.UNCHANGED] * 3
    assert [one.id for one in before] == [one.id for one in after] == [texts[k].id for k in (2, 1, 3)]
    assert [one.change for one in third.services["Bins"].received_texts] == [Change.UNCHANGED] * 3 + [Change.CREATED]


def test_a_text_of_long_ago_would_be_gone_by_now(platform: MemoryPlatform, clock: FixedClock) -> None:
    old = QUESTION | {"received_at": "2026-11-01T09:30:00Z"}
    [one] = apply(platform, bins(old)).services["Bins"].received_texts
    assert (one.id, one.change) == (None, Change.EXPIRED)
    assert platform.notify.list_received_texts(stored(platform)) == []
    [one] = apply(platform, bins(old, retention_days={"sms": 90})).services["Bins"].received_texts
    assert one.change is Change.CREATED


@pytest.mark.parametrize(
    ("wanted", "conflict"),
    [
        (
            bins(QUESTION | {"received_at": "2026-11-21T12:00:01Z"}),
            "services.0.received_texts.0.received_at: is in the future; nobody has texted that yet",
        ),
        (
            bins(name="Parks"),
            "services.0.inbound_number: is not this service's in the database; give it another",
        ),
        (
            bins(inbound_number="07700 900129"),
            "services.0: inbound_number: the service has another in the database; write that one",
        ),
    ],
)
def test_texts_that_cannot_have_come_are_conflicts(
    platform: MemoryPlatform, wanted: dict[str, Any], conflict: str
) -> None:
    apply(platform, bins())
    assert apply(platform, wanted).conflicts == (conflict,)


def test_another_retention_is_applied_to_what_there_is_and_only_then(
    platform: MemoryPlatform, clock: FixedClock
) -> None:
    apply(platform, {"name": "Bins", "retention_days": {"sms": 4}})
    service_id = stored(platform).id

    def redating() -> object:
        return platform.notify.show_retention(service_id).redating

    apply(platform, {"name": "Bins", "retention_days": {"sms": 4, "email": 7}})
    assert redating() is None, "seven days are what it has anyway"
    world = read_world({"services": [{"name": "Bins", "retention_days": {"sms": 9}}]})
    platform.notify.apply_world(world, rehearse=True)
    assert redating() is None
    platform.notify.apply_world(world)
    assert redating() is not None
    clock.advance(timedelta(seconds=61))
    platform.run()
    assert redating() is None
