"""What is accepted, what is refused, and that a refusal stores nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from attrs import evolve

from notify_adapters.memory import FixedClock, MemoryPlatform
from notify_core.errors import NotAllowed, NotifyError
from notify_core.limits.admit import DailyLimitExceeded
from notify_core.notifications import refusals
from notify_core.outbox.model import Queue, Task
from notify_core.recipients import InvalidEmailAddress, InvalidPhoneNumber
from notify_core.services.model import MessageLimits, Permission
from notify_core.users.model import User
from notify_core.vocabulary import KeyType
from tests.unit.conftest import Town, make_town


def test_an_accepted_text_is_stored_with_the_promise_to_deliver_it(town: Town) -> None:
    accepted = town.text(" +44 (0)7700 900123 ", reference="ref")
    assert (accepted.body, accepted.sender, accepted.reference, accepted.counted) == ("Hi Jo", "NOTIFY", "ref", True)
    found = town.platform.notify.find_notification(town.service.id, accepted.id)
    assert found.contents.recipient == "+44 (0)7700 900123"
    assert found.contents.normalised_recipient == "447700900123"
    assert found.notification.status == "created"
    [entry] = (
        town.platform.database.begin()
        .__enter__()
        .outbox.take(limit=9, due_before=town.clock.now.replace(year=2027), now=town.clock.now, until=town.clock.now)
    )
    assert (entry.task, entry.queue, entry.subject_id) == (Task.DELIVER_SMS, Queue.SEND_SMS, accepted.id)


def test_an_accepted_email_shows_its_source_and_sender(town: Town) -> None:
    accepted = town.mail()
    assert (accepted.subject, accepted.body) == ("For Jo", "# Hi Jo")
    assert accepted.sender == "bins@notify.example"


@pytest.mark.parametrize(
    ("more", "refusal", "message"),
    [
        ({"personalisation": {}}, refusals.MissingPersonalisation, "Missing personalisation: name"),
        ({"personalisation": {"name": None}}, refusals.MissingPersonalisation, "Missing personalisation: name"),
        ({"template_id": uuid4()}, refusals.TemplateNotFound, "Template not found"),
        ({"sms_sender_id": uuid4()}, refusals.SenderNotFound, "does not exist in database for service id"),
        ({"personalisation": {"name": {"file": "eA=="}}}, refusals.FileNotAllowed, "Can only send a file by email"),
        ({"personalisation": {"name": "x" * 1000}}, refusals.SmsTooLong, "is 1003 characters long."),
        ({"phone_number": "07900"}, InvalidPhoneNumber, "too short"),
        ({"phone_number": "01709 510122"}, refusals.NumberNotPermitted, "Not a UK mobile number"),
    ],
)
def test_a_text_that_will_not_do_is_refused(
    town: Town, more: dict[str, Any], refusal: type[NotifyError], message: str
) -> None:
    with pytest.raises(refusal, match=message):
        town.text(**more)
    assert_nothing_stored(town.platform)


def test_a_text_needs_a_text_template(town: Town) -> None:
    with pytest.raises(refusals.WrongTemplateType, match="email template is not suitable for sms notification"):
        town.text(template_id=town.email.id)


def test_another_services_template_is_not_found(town: Town, platform: MemoryPlatform, clock: FixedClock) -> None:
    other = make_town(platform, clock, name="Parking")
    with pytest.raises(refusals.TemplateNotFound):
        town.text(template_id=other.sms.id)


def test_an_empty_text_is_refused(town: Town) -> None:
    with pytest.raises(refusals.EmptyMessage) as refused:
        town.mail(personalisation={"name": ""}, template_id=_only_a_name(town))
    assert str(refused.value) == "Your message is empty."


def _only_a_name(town: Town) -> UUID:
    from notify_core.templates.write import NewTemplate
    from notify_core.vocabulary import Channel

    wanted = NewTemplate(
        service_id=town.service.id, name="Name", channel=Channel.EMAIL, subject="S", content="((name))"
    )
    return town.platform.notify.create_template(wanted).id


def test_a_file_by_email_is_refused_rather_than_shown_as_text(town: Town) -> None:
    with pytest.raises(refusals.FilesNotSetUp, match=f"/services/{town.service.id}/service-settings/send-files"):
        town.mail(personalisation={"name": {"file": "eA=="}}, sanitise_content_for=("name",))
    assert_nothing_stored(town.platform)


def test_what_strangers_typed_can_be_shown_without_links_and_markdown(town: Town) -> None:
    accepted = town.mail(
        personalisation={"name": "please [click](https://evil.link)"}, sanitise_content_for=("Name",)
    )
    assert accepted.body == r"# Hi please \[click\]\(\)"
    assert accepted.sanitised["name"].unsanitised == "please [click](https://evil.link)"
    town.platform.run()
    assert "evil.link" not in town.platform.inboxes.sent[0].html


def test_an_address_that_is_none_is_refused(town: Town) -> None:
    with pytest.raises(InvalidEmailAddress):
        town.mail("jo at example")
    assert_nothing_stored(town.platform)


@pytest.mark.parametrize("restricted", [True, False])
def test_who_may_be_written_to(platform: MemoryPlatform, clock: FixedClock, *, restricted: bool) -> None:
    town = make_town(platform, clock, restricted=restricted)
    town.text("07700900999", KeyType.TEAM)
    town.mail("Guest@Example.com", KeyType.TEAM)
    town.text(key=KeyType.TEST)
    with pytest.raises(NotAllowed, match="using a team-only API key"):
        town.text(key=KeyType.TEAM)
    if restricted:
        with pytest.raises(NotAllowed, match="when service is in trial mode"):
            town.text()
    else:
        town.text()


def test_the_team_may_be_written_to_however_their_addresses_are_written(
    platform: MemoryPlatform, clock: FixedClock
) -> None:
    town = make_town(platform, clock, restricted=True, guest_list=())
    member = User(
        id=UUID(int=5),
        name="Jo",
        email_address="Jo@Example.com",
        mobile_number="+44 (0)7700 900123",
        created_at=clock(),
    )
    with pytest.raises(NotAllowed, match="using a team-only API key"):
        town.mail(key=KeyType.TEAM)
    with platform.database.statement() as work:
        work.users.add(member)
        work.users.add_member(town.service.id, member.id)
    platform.notify.directory.forget()
    for key in (KeyType.TEAM, KeyType.NORMAL):
        town.mail("JO@example.com", key)
        town.text("07700900123", key)
    with pytest.raises(NotAllowed, match="when service is in trial mode"):
        town.text("07700900124")


@pytest.mark.parametrize("number", ["07700 900000", "+447700900111", "07700900222"])
def test_simulated_recipients_are_answered_and_not_stored(town: Town, number: str) -> None:
    accepted = town.text(number)
    assert not accepted.counted
    assert_nothing_stored(town.platform)


def test_permissions_are_needed(platform: MemoryPlatform, clock: FixedClock) -> None:
    town = make_town(platform, clock, permissions=frozenset({Permission.EMAIL}))
    town.mail()
    with pytest.raises(refusals.ChannelNotPermitted, match="Service is not allowed to send text messages"):
        town.text()


def test_texts_abroad_need_a_permission_and_have_a_limit(platform: MemoryPlatform, clock: FixedClock) -> None:
    at_home = make_town(platform, clock, name="Home", permissions=frozenset({Permission.SMS, Permission.EMAIL}))
    with pytest.raises(refusals.InternationalNotPermitted, match="Cannot send to international mobile numbers"):
        at_home.text("+33 6 12 34 56 78")
    abroad = make_town(platform, clock, name="Abroad", limits=MessageLimits(international_sms=1))
    abroad.text("+33 6 12 34 56 78")
    with pytest.raises(DailyLimitExceeded, match=r"Exceeded send limits \(international_sms: 1\) for today"):
        abroad.text("+33 6 12 34 56 78")


def test_a_refused_text_abroad_gives_its_place_in_the_limit_back(platform: MemoryPlatform, clock: FixedClock) -> None:
    abroad = make_town(platform, clock, limits=MessageLimits(international_sms=1))
    for _ in range(3):
        with pytest.raises(refusals.SmsTooLong):
            abroad.text("+33 6 12 34 56 78", personalisation={"name": "x" * 1000})
    abroad.text("+33 6 12 34 56 78")


def test_the_key_of_an_unknown_service_may_send_nothing(town: Town) -> None:
    stranger = evolve(town.keys[KeyType.NORMAL], service_id=uuid4())
    town.keys[KeyType.NORMAL] = stranger
    with pytest.raises(refusals.ChannelNotPermitted):
        town.text()


def assert_nothing_stored(platform: MemoryPlatform) -> None:
    with platform.database.begin() as work:
        assert work.outbox.count() == 0
