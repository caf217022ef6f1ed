"""What the tasks make of their messages."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from notify_adapters.assembly import Platform
from notify_core.notifications.record_receipt import SmsReceipt
from notify_core.notifications.status import Status
from notify_core.outbox.model import Task
from notify_core.providers.ses_events import InvalidEvent
from notify_core.vocabulary import ProviderName
from notify_worker.tasks import JOBS, InvalidMessage

ID = UUID("019aa3fd-2400-7000-8000-000000000000")


class Heard:
    """Stands where the use cases are, and notes how they are called."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.notify = SimpleNamespace(
            perform=lambda *call: self.calls.append(call),
            record_sms_receipt=lambda receipt: self.calls.append((receipt,)),
            record_email_receipt=lambda event: self.calls.append((event,)),
            apply_waiting_receipts=lambda: self.calls.append(("receipts",)),
            replay_undelivered=lambda: self.calls.append(("replay",)),
            measure_sms_delivery=lambda: self.calls.append(("measure",)),
            switch_on_slow_delivery=lambda: self.calls.append(("switch",)),
            tend_providers_back=lambda: self.calls.append(("tend",)),
            run_scheduled_jobs=lambda: self.calls.append(("run scheduled",)),
            check_jobs=lambda: self.calls.append(("check",)),
            complete_jobs=lambda: self.calls.append(("complete",)),
            restore_missing_rows=lambda: self.calls.append(("restore",)),
            build_billing=lambda day: self.calls.append(("count", day)),
            create_nightly_billing=lambda *call: self.calls.append(("nightly", *call)),
            update_billing_for_today=lambda: self.calls.append(("today",)),
            populate_annual_billing=lambda: self.calls.append(("allowances",)),
            create_nightly_status=lambda: self.calls.append(("nightly status",)),
            save_processing_time=lambda day: self.calls.append(("processing time", day)),
            check_services=lambda: self.calls.append(("check services",)),
            check_inbound_numbers=lambda: self.calls.append(("check numbers",)),
        )

    def ensure_partitions(self) -> list[str]:
        self.calls.append(("partitions",))
        return []


def run(name: str, *args: Any) -> list[tuple[Any, ...]]:
    heard = Heard()
    (job,) = (job for job in JOBS if job.name == name)
    job.work(cast("Platform", heard), *args)
    return heard.calls


def test_the_names_are_those_on_the_wire() -> None:
    assert [str(job.name) for job in JOBS] == [
        "deliver_sms",
        "deliver_email",
        "simulate-receipt",
        "process-sms-client-response",
        "process-ses-result",
        "process-job",
        "shatter-job-rows",
        "process-incomplete-jobs",
        "run-scheduled-jobs",
        "check-job-status",
        "update-status-of-fully-processed-jobs",
        "check-for-missing-rows-in-completed-jobs",
        "replay-created-notifications",
        "create-partitions",
        "apply-waiting-receipts",
        "generate-sms-delivery-stats",
        "switch-current-sms-provider-on-slow-delivery",
        "tend-providers-back-to-middle",
        "timeout-sending-notifications",
        "create-nightly-notification-status",
        "create-nightly-notification-status-for-day",
        "create-nightly-letter-status-for-day",
        "save-daily-notification-processing-time",
        "check-for-services-with-high-failure-rates-or-sending-to-tv-numbers",
        "check-for-low-available-inbound-sms-numbers",
        "deep-archive-notification-history-up-to-limit",
        "send-callbacks",
        "retry-callbacks",
        "wake-callback-endpoints",
        "delete-notifications-older-than-retention",
        "delete-inbound-sms",
        "remove-letter-files",
        "redate-contents",
        "archive-unsubscribe-requests",
        "remove_sms_email_jobs",
        "remove_letter_jobs",
        "forget-answers",
        "create-or-update-ft-billing-for-day",
        "create-nightly-billing",
        "update-ft-billing-for-today",
        "run-populate-annual-billing",
    ]


@pytest.mark.parametrize("task", Task)
def test_every_task_that_the_outbox_can_promise_exists(task: Task) -> None:
    assert run(task, [str(ID)]) == [(task, [ID])]


@pytest.mark.parametrize("nonsense", ["text", None, ["not an id"], [7], {"a": 1}])
def test_anything_but_ids_is_refused(nonsense: object) -> None:
    with pytest.raises(InvalidMessage):
        run("deliver_sms", nonsense)


def test_a_receipt_for_a_text() -> None:
    message = ["3", str(ID), "MMG", "5", "2026-11-21T12:00:00", "2026-11-21T12:00:01"]

    assert run("process-sms-client-response", *message) == [
        (
            SmsReceipt(
                provider=ProviderName.MMG,
                reference=str(ID),
                status="3",
                code="5",
                delivered_at=datetime(2026, 11, 21, 12, tzinfo=UTC),
            ),
        )
    ]


@pytest.mark.parametrize("missing", [None, "None"])
def test_a_receipt_without_a_detailed_code(missing: str | None) -> None:
    ((receipt,),) = run("process-sms-client-response", "1", str(ID), "Firetext", missing, "nonsense", None)

    assert receipt.provider is ProviderName.FIRETEXT
    assert receipt.code is None
    assert receipt.delivered_at is None


def test_a_receipt_of_a_stranger_is_refused() -> None:
    with pytest.raises(InvalidMessage):
        run("process-sms-client-response", "3", str(ID), "ses", None, None, None)


def test_a_report_of_ses() -> None:
    record = {"Message": json.dumps({"notificationType": "Delivery", "mail": {"messageId": "their-id"}})}

    ((event,),) = run("process-ses-result", record)

    assert (event.reference, event.status) == ("their-id", Status.DELIVERED)


@pytest.mark.parametrize("record", [{}, {"Message": None}, "text", None, {"Message": "not json"}])
def test_what_is_no_report_of_ses_is_refused(record: object) -> None:
    with pytest.raises(InvalidEvent):
        run("process-ses-result", record)


def test_periodic_tasks() -> None:
    assert run("replay-created-notifications") == [("replay",)]
    assert run("create-partitions") == [("partitions",)]
    assert run("apply-waiting-receipts") == [("receipts",)]
    assert run("generate-sms-delivery-stats") == [("measure",)]
    assert run("switch-current-sms-provider-on-slow-delivery") == [("switch",)]
    assert run("tend-providers-back-to-middle") == [("tend",)]
    assert run("timeout-sending-notifications") == [(Task.TIME_OUT_SENDING, [])]
    assert run("delete-notifications-older-than-retention") == [(Task.APPLY_RETENTION, [])]
    assert run("delete-inbound-sms") == [(Task.REMOVE_EXPIRED_TEXTS, [])]
    assert run("deep-archive-notification-history-up-to-limit") == [(Task.ARCHIVE_FACTS, [])]
    assert run("run-scheduled-jobs") == [("run scheduled",)]
    assert run("check-job-status") == [("check",)]
    assert run("update-status-of-fully-processed-jobs") == [("complete",)]
    assert run("check-for-missing-rows-in-completed-jobs") == [("restore",)]
    assert run("create-nightly-notification-status") == [("nightly status",)]
    assert run("save-daily-notification-processing-time") == [("processing time", None)]
    assert run("check-for-services-with-high-failure-rates-or-sending-to-tv-numbers") == [("check services",)]
    assert run("check-for-low-available-inbound-sms-numbers") == [("check numbers",)]


def test_a_day_can_be_measured_that_somebody_names() -> None:
    assert run("save-daily-notification-processing-time", "2026-11-20") == [("processing time", date(2026, 11, 20))]


@pytest.mark.parametrize("nonsense", ["yesterday", "2026-13-01", 7, ["2026-11-20"]])
def test_what_is_no_day_is_refused(nonsense: object) -> None:
    with pytest.raises(InvalidMessage):
        run("save-daily-notification-processing-time", nonsense)


def test_billing() -> None:
    assert run("create-nightly-billing") == [("nightly", None, 10)]
    assert run("create-nightly-billing", "2026-11-20", 3) == [("nightly", date(2026, 11, 21), 3)]
    assert run("update-ft-billing-for-today") == [("today",)]
    assert run("run-populate-annual-billing") == [("allowances",)]
    assert run("create-or-update-ft-billing-for-day", "2026-11-20") == [("count", date(2026, 11, 20))]
    for nonsense in ("20 November", "", 7):
        with pytest.raises(InvalidMessage):
            run("create-or-update-ft-billing-for-day", nonsense)


def test_a_job_is_processed_whoever_asks() -> None:
    assert run("process-job", str(ID)) == [(Task.PROCESS_JOB, [ID])]
    assert run("process-job", str(ID), None, 32) == [(Task.PROCESS_JOB, [ID])]
    assert run("process-incomplete-jobs", [str(ID)], 32) == [(Task.PROCESS_INCOMPLETE_JOBS, [ID])]
