"""Making jobs of files, cancelling them, and their reports, as the website does."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pytest

from notify_core.files.ports import FilesUnavailable, StoredFile
from notify_core.jobs.model import file_name
from notify_core.services.create import NewService
from notify_core.templates.write import NewTemplate
from notify_core.vocabulary import Channel
from tests.unit.web.internal.conftest import USER, Website, refused

FILE = b'phone number;name;=SUM(1)\n+447700900123;"Jo; ""J""";@x\n07700 900 124;Sam;\n'


def upload(website: Website, content: bytes = FILE, **metadata: Any) -> str:
    """Put a file into the bucket, as the website does, and return its id. Metadata that is ... is left out."""
    town, upload_id = website.web.town, uuid4()
    right: dict[str, Any] = {
        "template_id": str(town.sms.id),
        "notification_count": "2",
        "original_file_name": "people.csv",
        "valid": "True",
    }
    texts = {name: value for name, value in (right | metadata).items() if value is not ...}
    town.platform.files.put(file_name(town.service.id, upload_id), StoredFile(content, texts))
    return str(upload_id)


def ask(website: Website, upload_id: object, **more: Any) -> Any:
    """Ask for a job. Values that are ... are left out."""
    body = {"id": upload_id, "created_by": USER} | more
    return website.post("/job", {name: value for name, value in body.items() if value is not ...})


def report(website: Website, job_id: str) -> list[list[str]]:
    reply = website.get(f"/job/{job_id}/report")
    assert (reply.status, reply.header("content-type")) == (200, "text/csv; charset=utf-8")
    assert reply.header("content-disposition") == f'attachment; filename="{job_id}.csv"'
    return list(csv.reader(StringIO(reply.body.decode(), newline="")))


def test_a_file_becomes_a_job_and_the_job_messages(website: Website) -> None:
    town, wanted = website.web.town, upload(website)
    list_id = str(uuid4())
    reply = ask(website, wanted, contact_list_id=list_id, unknown="x")
    assert reply.status == 201
    made = reply.json["data"]
    assert (made["id"], made["job_status"], made["statistics"]) == (wanted, "pending", [])
    assert (made["notification_count"], made["original_file_name"]) == (2, "people.csv")
    assert (made["created_by"], made["contact_list_id"]) == ({"id": USER, "name": "Notify user"}, list_id)
    town.platform.run()
    assert [text.recipient for text in town.platform.phones.sent] == ["447700900123", "447700900124"]
    shown = website.get(f"/job/{wanted}").json["data"]
    assert shown["statistics"] == [{"status": "sending", "count": 2}]


def test_a_scheduled_job_waits_and_can_be_cancelled_until_then(website: Website) -> None:
    town, wanted = website.web.town, upload(website)
    moment = town.clock() + timedelta(days=7)
    made = ask(website, wanted, scheduled_for=moment.replace(tzinfo=None).isoformat()).json["data"]
    assert (made["job_status"], made["scheduled_for"]) == ("scheduled", "2026-11-28T12:00:00.000000Z")
    cancelled = website.post(f"/job/{wanted}/cancel")
    assert (cancelled.status, cancelled.json["data"]["job_status"]) == (200, "cancelled")
    at_once = upload(website)
    ask(website, at_once)
    for other in (wanted, at_once, str(uuid4()), "x"):
        assert refused(website.post(f"/job/{other}/cancel")) == (404, "No result found")
    town.platform.run()
    assert len(town.platform.phones.sent) == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": ...}, {"id": ["Missing data for required field."]}),
        ({"id": None}, {"id": ["Missing data for required field."]}),
        ({"id": "x"}, {"id": ["Not a valid UUID."]}),
        ({"created_by": ...}, {"created_by": ["Missing data for required field."]}),
        ({"created_by": None}, {"created_by": ["Field may not be null."]}),
        ({"created_by": 5}, {"created_by": ["Not a valid UUID."]}),
        ({"contact_list_id": "x"}, {"contact_list_id": ["Not a valid UUID."]}),
        (
            {"created_by": "x", "scheduled_for": "soon"},
            {
                "created_by": ["Not a valid UUID."],
                "scheduled_for": ["Not a valid datetime."],
            },
        ),
        ({"created_by": str(UUID(int=5))}, {"created_by": [f"There is no user with id {UUID(int=5)}"]}),
        ({"scheduled_for": "2026-11-21T11:59:59Z"}, {"scheduled_for": ["Date cannot be in the past"]}),
        (
            {"scheduled_for": "2026-11-28T12:00:01Z"},
            {"scheduled_for": ["Date cannot be more than 7 days in the future"]},
        ),
    ],
)
def test_a_request_that_will_not_do_is_refused(website: Website, changes: dict[str, Any], message: object) -> None:
    wanted = upload(website)
    assert refused(ask(website, **({"upload_id": wanted} | changes))) == (400, message)
    assert website.get("/job").json["total"] == 0


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"valid": "False"}, "File is not valid, can't create job"),
        ({"original_file_name": ...}, {"original_file_name": ["Missing data for required field."]}),
        ({"notification_count": "x"}, {"notification_count": ["Not a valid integer."]}),
    ],
)
def test_a_file_that_will_not_do_is_refused(website: Website, metadata: dict[str, Any], message: object) -> None:
    assert refused(ask(website, upload(website, **metadata))) == (400, message)


def test_refusals_come_in_their_order(website: Website) -> None:
    """Everything is wrong at first; what is told is put right, and the next thing is told."""
    town, upload_id = website.web.town, str(uuid4())
    service = town.platform.notify.create_service(NewService(name="Order", restricted=True))
    make = town.platform.notify.create_template
    letter = make(NewTemplate(service_id=service.id, name="L", channel=Channel.LETTER, subject="S", content="C"))
    text = make(NewTemplate(service_id=service.id, name="T", channel=Channel.SMS, content="C"))
    for template in (letter, text):
        town.platform.notify.archive_template(template.id)
    town.clock.advance(timedelta(seconds=5))
    missing, metadata = ["Missing data for required field."], {"valid": "False"}
    body: dict[str, Any] = {"scheduled_for": "2020-01-01"}

    def told() -> Any:
        if "file" in body:
            where = file_name(service.id, UUID(upload_id))
            town.platform.files.put(where, StoredFile(FILE, dict(metadata)))
        content = json.dumps({name: value for name, value in body.items() if name != "file"}).encode()
        reply = website.web.request("POST", f"/service/{service.id}/job", content, website.signed())
        return (201, None) if reply.status == 201 else refused(reply)

    assert told() == (400, {"id": missing})
    body["id"] = upload_id
    assert told() == (400, {"id": ["There is no file for this job. Upload it first."]})
    body["file"] = True
    assert told() == (400, "File is not valid, can't create job")
    metadata["valid"] = "True"
    assert told() == (400, {"template_id": missing})
    metadata["template_id"] = str(uuid4())
    assert told() == (400, {"template": ["Template not found"]})
    metadata["template_id"] = str(letter.id)
    assert told() == (403, "Create letter job is not allowed for service in trial mode ")
    metadata["template_id"] = str(text.id)
    assert told() == (400, {"template": ["Template has been deleted"]})
    fresh = make(NewTemplate(service_id=service.id, name="F", channel=Channel.SMS, content="C"))
    metadata["template_id"] = str(fresh.id)
    past = {"scheduled_for": ["Date cannot be in the past"]}
    together = {"notification_count": missing, "original_file_name": missing, "created_by": missing}
    assert told() == (400, together | past)
    metadata |= {"notification_count": "2", "original_file_name": "people.csv"}
    assert told() == (400, {"created_by": missing} | past)
    body["created_by"] = str(UUID(int=5))
    assert told() == (400, past)
    del body["scheduled_for"]
    assert told() == (400, {"created_by": [f"There is no user with id {UUID(int=5)}"]})
    body["created_by"] = USER
    assert told() == (201, None)
    assert told() == (409, {"id": ["There is a job with this id already"]})


def test_a_sender_must_be_one_of_the_services(website: Website) -> None:
    stranger = str(uuid4())
    status, message = refused(ask(website, upload(website, sender_id=stranger)))
    assert (status, stranger in message) == (400, True)
    own = str(website.web.town.service.sms_senders[0].id)
    assert ask(website, upload(website, sender_id=own)).status == 201


@pytest.mark.parametrize(
    ("restricted", "sentence"),
    [
        (True, "Create letter job is not allowed for service in trial mode "),
        (False, "Create letter job is not allowed: letters are not sent yet"),
    ],
)
def test_letters_are_not_sent_from_files(website: Website, restricted: bool, sentence: str) -> None:
    town = website.web.town
    service = town.platform.notify.create_service(NewService(name=f"Letters {restricted}", restricted=restricted))
    letter = town.platform.notify.create_template(
        NewTemplate(service_id=service.id, name="L", channel=Channel.LETTER, subject="S", content="C")
    )
    wanted = uuid4()
    metadata = {"template_id": str(letter.id), "notification_count": "1", "original_file_name": "x", "valid": "True"}
    town.platform.files.put(file_name(service.id, wanted), StoredFile(FILE, metadata))
    body = json.dumps({"id": str(wanted), "created_by": USER}).encode()
    reply = website.web.request("POST", f"/service/{service.id}/job", body, website.signed())
    assert refused(reply) == (403, sentence)


def test_a_job_is_made_once_of_a_file_that_is_there(website: Website) -> None:
    missing = {"id": ["There is no file for this job. Upload it first."]}
    assert refused(ask(website, str(uuid4()))) == (400, missing)
    wanted = upload(website)
    assert ask(website, wanted).status == 201
    assert refused(ask(website, wanted)) == (409, {"id": ["There is a job with this id already"]})


def test_templates_that_are_gone_and_services_that_do_not_send_make_no_jobs(website: Website) -> None:
    town, wanted = website.web.town, upload(website)
    town.platform.notify.archive_template(town.sms.id)
    town.clock.advance(timedelta(seconds=5))
    assert refused(ask(website, wanted)) == (400, {"template": ["Template has been deleted"]})
    town.platform.notify.archive_service(town.service.id)
    town.clock.advance(timedelta(seconds=5))
    inactive = (403, "Create job is not allowed: service is inactive ")
    assert refused(ask(website, wanted)) == inactive
    assert refused(website.post("/job", b"")) == inactive
    nobodys = website.web.request("POST", f"/service/{uuid4()}/job", b"{}", website.signed())
    assert refused(nobodys) == (404, "No result found")


def test_files_that_cannot_be_reached_are_no_fault_of_the_request(
    website: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = upload(website)

    def fail(*_: object) -> None:
        raise FilesUnavailable("S3 cannot be reached")

    with monkeypatch.context() as broken:
        broken.setattr(type(website.web.town.platform.files), "describe", fail)
        assert ask(website, wanted).status == 503
    assert ask(website, wanted).status == 201


def test_a_report_repeats_the_file_and_says_what_became_of_each_row(website: Website) -> None:
    town, wanted = website.web.town, upload(website)
    ask(website, wanted)
    assert report(website, wanted) == [
        ["Row number", "Recipient", "Reference", "Template", "Type", "Job", "Status", "Time"]
    ]
    town.platform.run()
    town.platform.confirm_texts()
    assert report(website, wanted) == [
        ["Row number", "phone number", "name", "=SUM(1)", "Template", "Type", "Job", "Status", "Time"],
        ["1", "+447700900123", 'Jo; "J"', "@x", "Text", "sms", "people.csv", "Delivered", "2026-11-21 12:00:00"],
        ["2", "07700 900 124", "Sam", "", "Text", "sms", "people.csv", "Delivered", "2026-11-21 12:00:00"],
    ]
    town.clock.advance(timedelta(days=9))
    assert len(report(website, wanted)) == 1


def test_a_report_of_a_file_that_is_gone_says_whom_it_was_for(website: Website) -> None:
    town = website.web.town
    wanted = upload(website, b"phone number,name,reference\n07700900123,Jo,r-1\n07700900124,Sam\n")
    ask(website, wanted)
    town.platform.run()
    town.platform.files.remove(file_name(town.service.id, UUID(wanted)))
    assert [line[:3] for line in report(website, wanted)] == [
        ["Row number", "Recipient", "Reference"],
        ["1", "07700900123", "r-1"],
        ["2", "07700900124", ""],
    ]


def test_a_report_keeps_rows_and_messages_together_over_many_pages(website: Website) -> None:
    town = website.web.town
    rows = "".join(f"07400{100000 + number},{number}\n" for number in range(2500))
    wanted = upload(website, f"phone number,name\n{rows}".encode(), notification_count="2500")
    ask(website, wanted)
    town.platform.run()
    _, *lines = report(website, wanted)
    assert [(line[0], line[2]) for line in lines] == [(str(row + 1), str(row)) for row in range(2500)]


def test_there_is_no_report_of_what_is_not_the_services(website: Website) -> None:
    for other in (str(uuid4()), "x"):
        assert refused(website.get(f"/job/{other}/report")) == (404, "No result found")


def test_emails_are_sent_from_files_too(website: Website) -> None:
    town = website.web.town
    content = "\ufeffemail address\tname\r\nzoe@example.com\tZoë\r\n".encode("utf-16-le")
    wanted = upload(website, content, template_id=str(town.email.id), notification_count="1")
    made = ask(website, wanted).json["data"]
    assert made["template_type"] == Channel.EMAIL
    town.platform.run()
    assert [line[1:3] for line in report(website, wanted)] == [["email address", "name"], ["zoe@example.com", "Zoë"]]
