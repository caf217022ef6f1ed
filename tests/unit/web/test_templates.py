"""Templates as their service sees them, and previews."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve

from notify_core.templates.model import Template
from notify_core.templates.write import NewTemplate
from notify_core.vocabulary import Channel
from tests.unit.conftest import make_town
from tests.unit.web.conftest import Web

NOTIFY_USER = "notify-service-user@digital.cabinet-office"


def save(web: Web, template: Template, **changes: Any) -> Template:
    """Save the next version of the template."""
    after = evolve(template, version=template.version + 1, **changes)
    with web.town.platform.database.statement() as work:
        work.templates.save(after)
    web.town.platform.notify.directory.forget()
    return after


def written(web: Web, channel: Channel, content: str, subject: str | None = None, name: str = "New") -> Template:
    return web.town.platform.notify.create_template(
        NewTemplate(service_id=web.town.service.id, name=name, channel=channel, content=content, subject=subject)
    )


def test_a_text_template_is_shown(web: Web) -> None:
    template = written(web, Channel.SMS, "Hi ((name)), ((late??you are late)) ((NAME))")
    assert web.get(f"/v2/template/{template.id}").json == {
        "id": str(template.id),
        "type": "sms",
        "name": "New",
        "version": 1,
        "body": "Hi ((name)), ((late??you are late)) ((NAME))",
        "subject": None,
        "personalisation": {"name": {"required": True}, "late": {"required": True}},
        "created_at": "2026-11-21T12:00:00.000000Z",
        "updated_at": None,
        "created_by": NOTIFY_USER,
        "postage": None,
        "letter_contact_block": None,
    }


def test_an_email_templates_subject_counts_too(web: Web) -> None:
    shown = web.get(f"/v2/template/{web.town.email.id}").json
    assert (shown["type"], shown["subject"], shown["body"]) == ("email", "For ((name))", "# Hi ((name))")
    assert shown["personalisation"] == {"name": {"required": True}}


def test_a_letter_template_is_shown(web: Web) -> None:
    template = written(web, Channel.LETTER, "Dear ((name))", "About ((thing))")
    shown = web.get(f"/v2/template/{template.id}").json
    assert (shown["type"], shown["subject"], list(shown["personalisation"])) == (
        "letter",
        "About ((thing))",
        ["name", "thing"],
    )


def test_versions_are_shown_as_they_were(web: Web) -> None:
    web.town.clock.advance(timedelta(hours=1))
    second = web.town.platform.notify.edit_template(web.town.sms.id, content="Bye ((name))")
    web.town.platform.notify.directory.forget()
    path = f"/v2/template/{second.id}"
    latest = web.get(path).json
    assert (latest["version"], latest["body"]) == (2, "Bye ((name))")
    assert (latest["created_at"], latest["updated_at"]) == (
        "2026-11-21T12:00:00.000000Z",
        "2026-11-21T13:00:00.000000Z",
    )
    for version in ("0", "000", "2", "02"):
        assert web.get(f"{path}/version/{version}").json == latest
    first = web.get(f"{path}/version/1").json
    assert (first["version"], first["body"], first["updated_at"]) == (1, "Hi ((name))", None)
    assert first["created_at"] == latest["created_at"]


@pytest.mark.parametrize("version", ["3", "2147483647", "2147483648", "99999999999999999999", "9" * 5000])
def test_there_are_only_so_many_versions(web: Web, version: str) -> None:
    reply = web.get(f"/v2/template/{web.town.sms.id}/version/{version}")
    assert reply.problem == (404, "NoResultFound", "No result found")


@pytest.mark.parametrize("version", ["-1", "1.0", "x", "٣", "+1", "0x1"])
def test_other_words_are_no_addresses(web: Web, version: str) -> None:
    reply = web.request("GET", f"/v2/template/{web.town.sms.id}/version/{version}")
    assert (reply.status, reply.json["result"]) == (404, "error")


def test_archived_templates_are_shown_and_previewed_but_not_listed(web: Web) -> None:
    save(web, web.town.sms, archived=True)
    path = f"/v2/template/{web.town.sms.id}"
    assert web.get(path).json["version"] == 2
    assert web.post(f"{path}/preview", {"personalisation": {"name": "Jo"}}).json["body"] == "Hi Jo"
    assert [shown["id"] for shown in web.get("/v2/templates").json["templates"]] == [str(web.town.email.id)]


def test_hidden_templates_are_nowhere(web: Web) -> None:
    save(web, web.town.sms, hidden=True)
    path = f"/v2/template/{web.town.sms.id}"
    missing = (404, "NoResultFound", "No result found")
    assert web.get(path).problem == web.get(f"{path}/version/2").problem == missing
    assert web.post(f"{path}/preview", {"personalisation": {"name": "Jo"}}).problem == missing
    assert len(web.get("/v2/templates").json["templates"]) == 1


def test_templates_of_others_are_nowhere(web: Web) -> None:
    stranger = Web(make_town(web.town.platform, web.town.clock, name="Stranger"), web.runner)
    path = f"/v2/template/{web.town.sms.id}"
    for reply in (stranger.get(path), stranger.get(f"{path}/version/1"), stranger.post(f"{path}/preview", {})):
        assert reply.problem == (404, "NoResultFound", "No result found")
    assert {shown["id"] for shown in stranger.get("/v2/templates").json["templates"]} == {
        str(stranger.town.sms.id),
        str(stranger.town.email.id),
    }


def test_templates_are_listed_by_name_then_type_as_they_are_shown(web: Web) -> None:
    letter = written(web, Channel.LETTER, "L", "L", name="Email")
    sms = written(web, Channel.SMS, "S", name="Email")
    wanted = [sms, web.town.email, letter, web.town.sms]
    listed = web.get("/v2/templates").json
    assert listed == {"templates": [web.get(f"/v2/template/{template.id}").json for template in wanted]}
    for channel, found in (("sms", [sms, web.town.sms]), ("letter", [letter]), ("email&type=x", [web.town.email])):
        shown = web.get(f"/v2/templates?type={channel}").json["templates"]
        assert [template["id"] for template in shown] == [str(template.id) for template in found]


def test_a_text_is_previewed(web: Web) -> None:
    reply = web.post(f"/v2/template/{web.town.sms.id}/preview", {"personalisation": {"NAME": "<Jo>"}})
    assert reply.status == 200
    assert reply.json == {
        "id": str(web.town.sms.id),
        "type": "sms",
        "version": 1,
        "body": "Hi <Jo>",
        "subject": None,
        "html": None,
        "postage": None,
    }


def test_an_email_is_previewed_with_its_html_but_no_page(web: Web) -> None:
    shown = web.post(f"/v2/template/{web.town.email.id}/preview", {"personalisation": {"name": '"<Jo>"'}}).json
    assert (shown["subject"], shown["body"]) == ("For “<Jo>”", '# Hi "<Jo>"')
    assert "Hi “&lt;Jo&gt;”</h2>" in shown["html"]
    assert "<html" not in shown["html"]


def test_a_letter_is_previewed(web: Web) -> None:
    template = written(web, Channel.LETTER, "Dear ((name))", "For ((name))")
    shown = web.post(f"/v2/template/{template.id}/preview", {"personalisation": {"name": "<Jo>"}}).json
    assert (shown["subject"], shown["body"], shown["html"]) == ("For &lt;Jo&gt;", "Dear <Jo>", None)


@pytest.mark.parametrize("document", [b"", b"null", b"[]", b"false", b'""', b"0", b"{}", b'{"personalisation":{}}'])
def test_without_placeholders_nothing_need_be_sent(web: Web, document: bytes) -> None:
    template = written(web, Channel.SMS, "Hello")
    assert web.post(f"/v2/template/{template.id}/preview", document).json["body"] == "Hello"


def test_other_properties_are_ignored(web: Web) -> None:
    document = {"id": "nonsense", "other": [1], "personalisation": {"name": "Jo", "more": {"x": 1}}}
    shown = web.post(f"/v2/template/{web.town.sms.id}/preview", document).json
    assert (shown["id"], shown["body"]) == (str(web.town.sms.id), "Hi Jo")


def test_the_id_may_be_written_in_any_form_of_uuid(web: Web) -> None:
    wanted = web.town.sms.id
    for text in (str(wanted).upper(), UUID(str(wanted)).hex, f"{{{wanted}}}", f"urn:uuid:{wanted}"):
        assert web.get(f"/v2/template/{text}").json["id"] == str(wanted)
        assert web.get(f"/v2/template/{text}/version/1").json["id"] == str(wanted)
