"""Jobs, as the website looks at them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from attrs import evolve

from notify_core.jobs.model import Job, JobStatus
from notify_core.notifications.model import Contents, Message, Notification, expiry_date
from notify_core.notifications.status import Status
from notify_core.users.model import NOTIFY_USER_ID
from notify_core.vocabulary import Channel, KeyType
from tests.unit.conftest import Town, make_town
from tests.unit.web.internal.conftest import USER, Website, refused


def stored_job(town: Town, **more: Any) -> Job:
    """Store a job of texts as it is when all of it is done, with what is different in `more`."""
    values: dict[str, Any] = {
        "id": uuid4(),
        "service_id": town.service.id,
        "template_id": town.sms.id,
        "template_version": 1,
        "channel": Channel.SMS,
        "original_file_name": "people.csv",
        "notification_count": 0,
        "created_at": town.clock(),
        "status": JobStatus.FINISHED_ALL_CREATED,
        "created_by_id": NOTIFY_USER_ID,
        "processing_started": town.clock(),
        "processing_finished": town.clock(),
    }
    job = Job(**values | more)
    with town.platform.database.statement() as work:
        work.jobs.add(job)
    return job


def store_rows(town: Town, job: Job, *statuses: Status) -> None:
    """Store a message for each status, row by row."""
    messages = [
        Message(
            notification=Notification(
                id=job.row_id(row),
                service_id=job.service_id,
                template_id=job.template_id,
                template_version=job.template_version,
                channel=job.channel,
                key_type=KeyType.NORMAL,
                api_key_id=None,
                created_at=town.clock(),
                expires_on=expiry_date(town.clock(), 7),
                status=status,
                country_prefix="44",
                rate_multiplier=1,
                job_id=job.id,
                job_row_number=row,
            ),
            contents=Contents(
                recipient=f"07700 9001{row:02}",
                normalised_recipient=f"4477009001{row:02}",
                personalisation={"name": "Jo"},
                client_reference="ref" if row else None,
            ),
        )
        for row, status in enumerate(statuses)
    ]
    with town.platform.database.statement() as work:
        work.notifications.accept_many(messages, [])


def names(website: Website, query: str = "") -> list[str]:
    """Return the file names of the jobs listed."""
    return [job["original_file_name"] for job in website.get(f"/job{query}").json["data"]]


def test_a_job_is_shown_with_names_and_counts(website: Website) -> None:
    town = website.web.town
    job = stored_job(town, notification_count=3, contact_list_id=UUID(int=4))
    store_rows(town, job, Status.DELIVERED, Status.SENDING, Status.DELIVERED)
    shown = website.get(f"/job/{job.id}")
    assert (shown.status, shown.json) == (
        200,
        {
            "data": {
                "id": str(job.id),
                "service": str(town.service.id),
                "service_name": {"name": "Bins"},
                "template": str(town.sms.id),
                "template_name": "Text",
                "template_type": "sms",
                "template_version": 1,
                "original_file_name": "people.csv",
                "notification_count": 3,
                "job_status": "finished all notifications created",
                "archived": False,
                "contact_list_id": str(UUID(int=4)),
                "created_by": {"id": USER, "name": "Notify user"},
                "created_at": "2026-11-21T12:00:00.000000Z",
                "updated_at": None,
                "processing_started": "2026-11-21T12:00:00.000000Z",
                "processing_finished": "2026-11-21T12:00:00.000000Z",
                "scheduled_for": None,
                "statistics": [{"status": "delivered", "count": 2}, {"status": "sending", "count": 1}],
            }
        },
    )
    assert website.get(f"/job/{job.id}/notification_count").json == {"count": 3}


def test_counts_are_current_until_they_are_final(website: Website) -> None:
    town = website.web.town
    job = stored_job(town, notification_count=2)

    def counts() -> dict[str, int]:
        statistics = website.get(f"/job/{job.id}").json["data"]["statistics"]
        return {one["status"]: one["count"] for one in statistics}

    assert counts() == {}
    store_rows(town, job, Status.DELIVERED)
    assert counts() == {"delivered": 1}
    store_rows(town, job, Status.DELIVERED, Status.SENDING)
    assert counts() == {"delivered": 1, "sending": 1}
    with town.platform.database.statement() as work:
        facts = work.notifications.find_for_receipt(notification_id=job.row_id(1))
        assert facts is not None
        work.notifications.save(evolve(facts, status=Status.PERMANENT_FAILURE))
    assert counts() == {"delivered": 1, "permanent-failure": 1}
    assert counts() == {"delivered": 1, "permanent-failure": 1}


def test_a_job_that_has_not_started_has_no_counts(website: Website) -> None:
    job = stored_job(website.web.town, status=JobStatus.PENDING, processing_started=None)
    assert website.get(f"/job/{job.id}").json["data"]["statistics"] == []


@pytest.mark.parametrize("path", ["", "/notification_count", "/notifications"])
def test_what_is_not_the_services_is_not_there(website: Website, path: str) -> None:
    town = website.web.town
    job = stored_job(town, notification_count=1)
    store_rows(town, job, Status.SENDING)
    other = make_town(town.platform, town.clock, name="Other").service.id
    for service, wanted in ((other, job.id), (town.service.id, uuid4())):
        reply = website.web.request("GET", f"/service/{service}/job/{wanted}{path}", headers=website.signed())
        if path == "":
            assert refused(reply) == (404, "No result found")
        elif path == "/notifications":
            assert (reply.json["notifications"], reply.json["total"]) == ([], 0)
        else:
            assert reply.json == {"count": 0}
    assert refused(website.get(f"/job/x{path}")) == (404, "No result found")


def test_jobs_are_listed_waiting_ones_first_then_the_last_started(website: Website) -> None:
    town = website.web.town
    for name, minutes in (("first", 1), ("third", 3), ("second", 2)):
        stored_job(town, original_file_name=name, processing_started=town.clock() + timedelta(minutes=minutes))
    stored_job(town, original_file_name="waiting", processing_started=None, status=JobStatus.SCHEDULED)
    for hidden in ("Test message", "Report"):
        stored_job(town, original_file_name=hidden)
    assert names(website) == ["waiting", "third", "second", "first"]
    assert names(website, "?statuses=scheduled") == ["waiting"]
    assert names(website, "?statuses=scheduled,unheard-of") == ["waiting"]
    assert names(website, "?statuses=unheard-of") == []
    assert len(names(website, "?statuses=")) == 4


def test_jobs_are_listed_by_age_and_contact_list(website: Website) -> None:
    town = website.web.town
    stored_job(town, original_file_name="old")
    town.clock.advance(timedelta(days=2))
    stored_job(town, original_file_name="new", contact_list_id=UUID(int=4))
    assert names(website, "?limit_days=2") == ["new", "old"]
    assert names(website, "?limit_days=1") == ["new"]
    assert names(website, "?limit_days=999999999") == ["new", "old"]
    assert refused(website.get("/job?page=999999999"))[0] == 404
    assert names(website, f"?contact_list_id={UUID(int=4)}") == ["new"]
    assert refused(website.get("/job?contact_list_id=x")) == (404, "No result found")


def test_lists_have_pages_and_links_below_the_root(website: Website) -> None:
    town = website.web.town
    path = f"{website.service}/job"
    empty = website.get("/job").json
    assert empty == {"data": [], "page_size": 50, "total": 0, "links": {}}
    for _ in range(101):
        stored_job(town)
    pages = [website.get(f"/job?limit_days=7&page={page}").json for page in (1, 2, 3)]
    assert [(len(page["data"]), page["total"]) for page in pages] == [(50, 101), (50, 101), (1, 101)]
    assert [page["links"] for page in pages] == [
        {"next": f"{path}?page=2&limit_days=7", "last": f"{path}?page=3&limit_days=7"},
        {
            "prev": f"{path}?page=1&limit_days=7",
            "next": f"{path}?page=3&limit_days=7",
            "last": f"{path}?page=3&limit_days=7",
        },
        {"prev": f"{path}?page=2&limit_days=7"},
    ]
    assert len({job["id"] for page in pages for job in page["data"]}) == 101
    assert refused(website.get("/job?page=4"))[0] == 404


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit_days=x", {"limit_days": ["x is not an integer"]}),
        ("limit_days=-1", {"limit_days": ["-1 is not an integer"]}),
        ("page=0", {"page": ["Not a positive integer"]}),
        ("page=x", {"page": ["Not a positive integer"]}),
        ("page=99999999999", {"page": ["Not a positive integer"]}),
    ],
)
def test_queries_that_make_no_sense_are_refused(website: Website, query: str, message: object) -> None:
    assert refused(website.get(f"/job?{query}")) == (400, message)


def test_a_jobs_messages_come_in_the_order_of_its_rows(website: Website) -> None:
    town = website.web.town
    job = stored_job(town, notification_count=3)
    store_rows(town, job, Status.DELIVERED, Status.SENDING, Status.PERMANENT_FAILURE)
    page = website.get(f"/job/{job.id}/notifications").json
    assert (page["page_size"], page["total"], page["links"]) == (50, 3, {})
    assert [one["job_row_number"] for one in page["notifications"]] == [0, 1, 2]
    assert page["notifications"][1] == {
        "id": str(job.row_id(1)),
        "to": "07700 900101",
        "normalised_to": "447700900101",
        "notification_type": "sms",
        "status": "sending",
        "key_type": "normal",
        "key_name": None,
        "api_key": None,
        "service": str(town.service.id),
        "job": {"id": str(job.id), "original_file_name": "people.csv"},
        "job_row_number": 1,
        "created_by": None,
        "created_at": "2026-11-21T12:00:00.000000Z",
        "sent_at": None,
        "sent_by": None,
        "updated_at": None,
        "reference": None,
        "client_reference": "ref",
        "personalisation": {"name": "Jo"},
        "billable_units": 0,
        "international": False,
        "phone_prefix": "44",
        "rate_multiplier": 1,
        "reply_to_text": None,
        "postage": None,
        "document_download_count": None,
        "unsubscribe_link": None,
        "template": {
            "id": str(town.sms.id),
            "service": str(town.service.id),
            "version": 1,
            "name": "Text",
            "template_type": "sms",
            "content": "Hi ((name))",
            "subject": None,
            "redact_personalisation": False,
            "is_precompiled_letter": False,
            "letter_attachment": None,
            "reply_to_text": "NOTIFY",
            "letter_languages": None,
            "letter_welsh_subject": None,
            "letter_welsh_content": None,
            "has_unsubscribe_link": False,
        },
    }


def test_messages_are_narrowed_paged_and_shown_as_rows_of_a_table(website: Website) -> None:
    town = website.web.town
    job = stored_job(town, notification_count=4)
    store_rows(town, job, Status.DELIVERED, Status.SENDING, Status.PERMANENT_FAILURE, Status.CREATED)
    path = f"/job/{job.id}/notifications"

    def rows(query: str) -> list[int]:
        return [one["job_row_number"] for one in website.get(f"{path}?{query}").json["notifications"]]

    assert rows("status=accepted") == [1, 3]
    assert rows("status=received&status=failed") == [0, 2]
    assert rows("status=unheard-of") == []
    assert rows("template_type=sms&template_type=letter") == [0, 1, 2, 3]
    assert rows("template_type=email") == []
    page = website.get(f"{path}?page=2&page_size=3&format_for_csv=True").json
    assert page["links"] == {"prev": f"{website.service}{path}?page=1&page_size=3&format_for_csv=True"}
    assert page["notifications"] == [
        {
            "id": str(job.row_id(3)),
            "row_number": 4,
            "recipient": "07700 900103",
            "client_reference": "ref",
            "template_name": "Text",
            "template_type": "sms",
            "job_name": "people.csv",
            "status": "Sending",
            "created_at": "2026-11-21 12:00:00",
            "created_by_name": None,
            "created_by_email_address": None,
            "api_key_name": None,
        }
    ]
    assert refused(website.get(f"{path}?page=2"))[0] == 404


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("page=0", {"page": ["Not a positive integer"]}),
        ("page_size=0", {"page_size": ["Not a positive integer"]}),
        ("page_size=5001", {"page_size": ["Must be at most 5000"]}),
        (
            "template_type=sms&template_type=fax",
            {"template_type": {"1": {"template_type": ["Must be one of: sms, email, letter."]}}},
        ),
    ],
)
def test_filters_that_make_no_sense_are_refused(website: Website, query: str, message: object) -> None:
    assert refused(website.get(f"/job/{uuid4()}/notifications?{query}")) == (400, message)


def test_scheduled_jobs_are_counted(website: Website) -> None:
    town = website.web.town
    assert website.get("/job/scheduled-job-stats").json == {"count": 0, "soonest_scheduled_for": None}
    for hours in (2, 1, 3):
        moment = town.clock() + timedelta(hours=hours, microseconds=5)
        stored_job(town, status=JobStatus.SCHEDULED, scheduled_for=moment, processing_started=None)
    stored_job(town, status=JobStatus.CANCELLED, scheduled_for=town.clock())
    assert website.get("/job/scheduled-job-stats").json == {
        "count": 3,
        "soonest_scheduled_for": "2026-11-21T13:00:00.000005+00:00",
    }
