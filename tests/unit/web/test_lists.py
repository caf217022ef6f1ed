"""Pages of messages: which are on them, and the links between them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from attrs import evolve

from notify_core.notifications.list import PAGE_SIZE
from notify_core.notifications.status import Status
from notify_core.templates.model import Template
from notify_core.vocabulary import KeyType
from tests.unit.conftest import make_town
from tests.unit.jobs.conftest import Office
from tests.unit.web.conftest import ROOT, Reply, Web

LIST = "/v2/notifications"


def ids(reply: Reply) -> list[str]:
    assert reply.status == 200, reply.body
    return [message["id"] for message in reply.json["notifications"]]


def sent(web: Web, status: Status = Status.CREATED, *, email: bool = False, **more: Any) -> str:
    """Send a message, and let it become that."""
    accepted = web.town.mail(**more) if email else web.town.text(**more)
    with web.town.platform.database.statement() as work:
        facts = work.notifications.find_for_receipt(notification_id=accepted.id)
        assert facts is not None
        work.notifications.save(evolve(facts, status=status))
    return str(accepted.id)


def test_messages_are_shown_as_when_looked_up_newest_first(web: Web) -> None:
    text = sent(web, Status.DELIVERED, reference="é")
    email = sent(web, email=True)
    reply = web.get(LIST)
    assert reply.json == {
        "links": {"current": f"{ROOT}{LIST}", "next": f"{ROOT}{LIST}?older_than={text}"},
        "notifications": [web.get(f"{LIST}/{found}").json for found in (email, text)],
    }


def test_an_empty_page_has_no_next_one(web: Web) -> None:
    assert web.get(LIST).body == b'{"links":{"current":"%s"},"notifications":[]}\n' % f"{ROOT}{LIST}".encode()


def test_pages_follow_each_other_to_the_end(web: Web) -> None:
    everything = [sent(web) for _ in range(PAGE_SIZE + 2)][::-1]
    first = web.get(LIST)
    second = web.get(first.json["links"]["next"].removeprefix(ROOT))
    third = web.get(second.json["links"]["next"].removeprefix(ROOT))
    assert (ids(first), ids(second), ids(third)) == (everything[:PAGE_SIZE], everything[PAGE_SIZE:], [])
    assert "next" not in third.json["links"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"created", "sending", "delivered", "technical", "returned", "pending", "email"}),
        ("status=created", {"created"}),
        ("status=created&status=pending", {"created", "pending"}),
        ("status=failed", {"technical", "returned"}),
        ("status=accepted", {"created", "sending", "email"}),
        ("status=received", {"delivered"}),
        ("status=received&status=failed", {"delivered", "technical", "returned"}),
        ("status=cancelled", set()),
        ("template_type=email", {"email"}),
        ("template_type=email&template_type=sms&status=sending", {"sending", "email"}),
        ("template_type=letter", set()),
        ("reference=a+b", {"pending"}),
        ("reference=a%20b&reference=other", {"pending"}),
        ("reference=", {"delivered"}),
        ("reference=A+b", set()),
        ("reference=%FF%FE", set()),
        ("include_jobs=true&status=created", {"created"}),
        ("include_jobs=True&include_jobs=nonsense&status=created", {"created"}),
        ("&&", {"created", "sending", "delivered", "technical", "returned", "pending", "email"}),
    ],
)
def test_pages_are_narrowed(web: Web, query: str, found: set[str]) -> None:
    made = {
        "created": sent(web),
        "sending": sent(web, Status.SENDING),
        "delivered": sent(web, Status.DELIVERED, reference=""),
        "technical": sent(web, Status.TECHNICAL_FAILURE),
        "returned": sent(web, Status.RETURNED_LETTER),
        "pending": sent(web, Status.PENDING, reference="a b"),
        "email": sent(web, Status.SENDING, email=True),
    }
    assert set(ids(web.get(f"{LIST}?{query}"))) == {made[name] for name in found}


@pytest.mark.parametrize("key", list(KeyType))
def test_a_page_holds_what_keys_of_the_same_type_sent(web: Web, key: KeyType) -> None:
    made = {kind: sent(web, number="07700 900999", key=kind) for kind in KeyType}
    assert ids(web.get(LIST, key)) == [made[key]]


def test_nobody_sees_the_messages_of_others(web: Web) -> None:
    mine = sent(web)
    stranger = Web(make_town(web.town.platform, web.town.clock, name="Stranger"), web.runner)
    assert ids(stranger.get(LIST)) == []
    sent(stranger)
    assert ids(stranger.get(f"{LIST}?older_than={mine}")) == []


@pytest.mark.parametrize("older_than", [str(UUID(int=1)), "ffffffff-ffff-ffff-ffff-ffffffffffff"])
def test_after_an_unknown_message_comes_nothing(web: Web, older_than: str) -> None:
    sent(web)
    reply = web.get(f"{LIST}?older_than={older_than}")
    assert reply.json == {"links": {"current": f"{ROOT}{LIST}?older_than={older_than}"}, "notifications": []}


@pytest.mark.parametrize(
    ("query", "current", "following"),
    [
        ("status=created&status=sending", "status=created&status=sending", "status=created&status=sending&{next}"),
        ("older_than={id}&status=created", "older_than={id}&status=created", "{next}&status=created"),
        ("older_than={ID}", "older_than={ID}", "{next}"),
        ("older_than={id}&older_than=x", "older_than={id}&older_than=x", "{next}"),
        ("status=created&template_type=sms&status=sending", "status=created&status=sending&template_type=sms", None),
        ("reference=a+b%2Fc%26d%c3%a9", "reference=a+b/c%26d%C3%A9", None),
        ("reference=%FF%FE", "reference=%25FF%25FE", None),
        ("reference=\xff", "reference=%C3%BF", None),
        ("reference=", "reference=", None),
        ("&&status=created&", "status=created", "status=created&{next}"),
    ],
)
def test_links_keep_the_query(web: Web, query: str, current: str, following: str | None) -> None:
    oldest, older, newest = (sent(web) for _ in range(3))
    names = {"id": newest, "ID": newest.upper()}
    links = web.get(f"{LIST}?{query.format(**names)}").json["links"]
    assert links["current"] == f"{ROOT}{LIST}?{current.format(**names)}"
    if following is not None:
        assert links["next"] == f"{ROOT}{LIST}?{following.format(**names, next=f'older_than={oldest}')}"
        assert older not in links["next"]


def test_links_begin_with_the_configured_root(web: Web) -> None:
    sent(web)
    web.configure(public_url="https://public.example")
    links = web.get(LIST).json["links"]
    assert {link.partition("?")[0] for link in links.values()} == {f"https://public.example{LIST}"}


def test_head_has_no_body(web: Web) -> None:
    got, head = web.get(LIST), web.get(LIST, method="HEAD")
    assert (head.status, head.body, head.header("content-length")) == (200, b"", str(len(got.body)))


def test_one_template_is_looked_up_once_for_a_page(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        sent(web)
    directory = web.town.platform.notify.directory
    asked: list[UUID] = []
    look_up = directory.template

    def note(key: UUID, version: int | None = None) -> Template | None:
        asked.append(key)
        return look_up(key, version)

    monkeypatch.setattr(directory, "template", note)
    assert len(ids(web.get(LIST))) == 5
    assert asked == [web.town.sms.id]


def test_messages_from_files_are_listed_when_they_are_asked_for(web: Web) -> None:
    alone = sent(web)
    office = Office(web.town)
    job = office.send("phone number,name\n07700900001,A\n")
    row = str(job.row_id(0))
    assert ids(web.get(LIST)) == [alone]
    assert ids(web.get(f"{LIST}?include_jobs=true")) == [row, alone]
    assert web.get(f"{LIST}/{row}").status == 200
