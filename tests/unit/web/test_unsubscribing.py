"""A template's own unsubscribe link: where it stands, and what comes of following it."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from notify_core.templates.model import Template
from notify_core.templates.write import NewTemplate
from notify_core.unsubscribe.model import UnsubscribeRequest
from notify_core.vocabulary import Channel
from tests.unit.web.conftest import ROOT, Web

EMAIL = "/v2/notifications/email"
THEIRS = "https://example.com/out"
INVALID = {"result": "error", "message": {"unsubscribe request": "This is not a valid unsubscribe link."}}
EXPIRED = {"result": "error", "message": {"unsubscribe request": "This unsubscribe link is invalid or expired."}}


@pytest.fixture
def template(web: Web) -> Template:
    return web.town.platform.notify.create_template(
        NewTemplate(
            service_id=web.town.service.id,
            name="News",
            channel=Channel.EMAIL,
            subject="News",
            content="Hi ((name))",
            has_unsubscribe_link=True,
        )
    )


def sent(web: Web, template: Template, **more: object) -> str:
    """Send an email, and return its id."""
    reply = web.post(EMAIL, web.email(template_id=str(template.id), email_address="Jo@Example.com", **more))
    assert reply.status == 201
    web.town.platform.run()
    return str(reply.json["id"])


def link(web: Web, message: str) -> str:
    """Return the path of the link that a look-up shows."""
    url = web.get(f"/v2/notifications/{message}").json["one_click_unsubscribe_url"]
    assert url.startswith(f"{ROOT}/unsubscribe/{message}/")
    return str(url).removeprefix(ROOT)


def requests(web: Web) -> list[UnsubscribeRequest]:
    with web.town.platform.database.statement() as work:
        return work.unsubscribe_requests.list_for(web.town.service.id)


def test_the_email_holds_the_link_for_people_and_for_programs(web: Web, template: Template) -> None:
    message = sent(web, template)
    [email] = web.town.platform.inboxes.sent
    page = f"http://localhost:6012/unsubscribe/{message}/"
    assert f"Unsubscribe from these emails: {page}" in email.text
    assert f'href="{page}' in email.html
    assert str(email.one_click_unsubscribe_url).startswith(f"{ROOT}/unsubscribe/{message}/")


def test_the_senders_own_link_goes_to_programs_and_is_the_one_shown(web: Web, template: Template) -> None:
    message = sent(web, template, one_click_unsubscribe_url=THEIRS)
    [email] = web.town.platform.inboxes.sent
    assert email.one_click_unsubscribe_url == THEIRS
    assert "/unsubscribe/" in email.text
    assert web.get(f"/v2/notifications/{message}").json["one_click_unsubscribe_url"] == THEIRS


def test_other_templates_have_no_link(web: Web) -> None:
    message = sent(web, web.town.email)
    [email] = web.town.platform.inboxes.sent
    assert email.one_click_unsubscribe_url is None
    assert "nsubscribe" not in email.text + email.html
    assert web.get(f"/v2/notifications/{message}").json["one_click_unsubscribe_url"] is None


def test_following_the_link_stores_the_wish_once(web: Web, template: Template) -> None:
    message = sent(web, template)
    [email] = web.town.platform.inboxes.sent
    for path in (str(email.one_click_unsubscribe_url).removeprefix(ROOT), link(web, message)):
        reply = web.request("POST", path, b"List-Unsubscribe=One-Click")
        assert (reply.status, reply.json) == (200, {"result": "success", "message": "Unsubscribe successful"})
    [request] = requests(web)
    assert str(request.notification_id) == message
    assert (request.service_id, request.template_id) == (web.town.service.id, template.id)
    assert (request.template_version, request.email_address) == (1, "Jo@Example.com")
    assert request.created_at == web.town.clock.now


@pytest.mark.parametrize("body", [b"", b"{", b"\xff"])
def test_the_body_is_not_looked_at(web: Web, template: Template, body: bytes) -> None:
    path = link(web, sent(web, template))
    assert web.request("POST", path, body, {"content-type": "application/json"}).status == 200


def test_it_works_for_365_days_although_the_contents_are_gone(web: Web, template: Template) -> None:
    early, late = (link(web, sent(web, template)) for _ in range(2))
    web.town.clock.advance(timedelta(days=365))
    assert web.request("POST", early).status == 200
    web.town.clock.advance(timedelta(seconds=1))
    reply = web.request("POST", late)
    assert (reply.status, reply.json) == (404, INVALID)
    assert len(requests(web)) == 1


def test_links_that_we_did_not_make_are_refused(web: Web, template: Template) -> None:
    one, other = (sent(web, template) for _ in range(2))
    moved = link(web, one).replace(one, other)
    for path in (f"/unsubscribe/{one}/nonsense", f"/unsubscribe/{uuid4()}/token", moved):
        reply = web.request("POST", path)
        assert (reply.status, reply.json) == (404, INVALID)
    assert requests(web) == []


def test_a_link_to_a_message_that_was_never_stored_is_refused(web: Web) -> None:
    stranger = uuid4()
    links = web.town.platform.notify.find_notification.present.unsubscribe_links
    reply = web.request("POST", str(links.for_programs(stranger, "jo@example.com")).removeprefix(ROOT))
    assert (reply.status, reply.json) == (404, EXPIRED)


@pytest.mark.parametrize("name", ["nonsense", "{{{}}}", "urn:uuid:{}"])
def test_an_id_of_another_form_is_an_unknown_address(web: Web, name: str) -> None:
    reply = web.request("POST", f"/unsubscribe/{name.format(uuid4())}/token")
    assert (reply.status, reply.json["message"][:17]) == (404, "The requested URL")
    assert web.request("GET", f"/unsubscribe/{uuid4()}/token").status == 405


def test_after_ninety_days_the_address_is_forgotten_and_whoever_asks_again_is_heard(
    web: Web, template: Template
) -> None:
    path = link(web, sent(web, template))
    assert web.request("POST", path).status == 200
    archive = web.town.platform.notify.archive_unsubscribe_requests
    web.town.clock.advance(timedelta(days=90))
    assert archive() == 0
    [first] = requests(web)
    web.town.clock.advance(timedelta(days=1))
    assert (archive(), archive()) == (1, 0)
    assert requests(web) == []

    for _ in range(2):
        assert web.request("POST", path).status == 200
    [second] = requests(web)
    assert (second.notification_id, second.email_address) == (first.notification_id, first.email_address)
    assert second.id != first.id
