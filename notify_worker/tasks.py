"""The tasks: their names on the wire, and the one use case that each calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from attrs import frozen

from notify_adapters.assembly import Platform
from notify_core.archive.countable import FactsArchived
from notify_core.billing.build import NIGHTLY_DAYS
from notify_core.files.ports import FilesUnavailable
from notify_core.notifications.record_receipt import SmsReceipt
from notify_core.outbox.model import Queue, Task
from notify_core.providers.ses_events import InvalidEvent, parse_event
from notify_core.unit_of_work import DatabaseUnavailable
from notify_core.vocabulary import ProviderName
from notify_worker.postponing import Patience


class InvalidMessage(Exception):
    """A task's arguments make no sense, and never will."""


# The database is away: nothing was done, and trying again costs little.
UNTIL_THE_DATABASE_IS_BACK = Patience(delay=timedelta(seconds=30))
# The same where files are read, too.
UNTIL_FILES_ARE_BACK = Patience(delay=timedelta(seconds=30), errors=(DatabaseUnavailable, FilesUnavailable))
_FIVE_MINUTES = timedelta(minutes=5)
SMS_RECEIPT_PATIENCE = Patience(delay=_FIVE_MINUTES, retries=5, queue=Queue.RETRY)
# Whatever goes wrong with a report of SES may pass, unless it is no report.
SES_RECEIPT_PATIENCE = Patience(
    delay=_FIVE_MINUTES,
    retries=5,
    queue=Queue.RETRY,
    errors=(Exception,),
    unless=(InvalidEvent, InvalidMessage),
)


@frozen(kw_only=True)
class Job:
    """A task: `work` is called with the platform and the message's arguments.

    `hopeless` errors are told and forgotten: no repetition could help. All others leave the message on its
    queue, and in the end in its dead-letter queue.
    """

    name: str
    work: Callable[..., object]
    patience: Patience = UNTIL_THE_DATABASE_IS_BACK
    hopeless: tuple[type[Exception], ...] = (InvalidMessage,)
    frequent: bool = False


def deliver_sms(platform: Platform, ids: list[str]) -> None:
    """Deliver texts."""
    platform.notify.perform(Task.DELIVER_SMS, _ids(ids))


def deliver_email(platform: Platform, ids: list[str]) -> None:
    """Deliver emails."""
    platform.notify.perform(Task.DELIVER_EMAIL, _ids(ids))


def simulate_receipt(platform: Platform, ids: list[str]) -> None:
    """Finish test keys' messages."""
    platform.notify.perform(Task.SIMULATE_RECEIPT, _ids(ids))


def send_callbacks(platform: Platform, ids: list[str]) -> None:
    """Call services' endpoints, given by their ids."""
    platform.notify.perform(Task.SEND_CALLBACKS, _ids(ids))


def retry_callbacks(platform: Platform, ids: list[str]) -> None:
    """Call endpoints that failed or were slow lately, where nobody waits for them."""
    platform.notify.perform(Task.RETRY_CALLBACKS, _ids(ids))


def process_sms_client_response(
    platform: Platform,
    status: str,
    reference: str,
    client_name: str,
    detailed_code: str | None = None,
    delivery_iso: str | None = None,
    receipt_iso: str | None = None,
) -> None:
    """Apply a delivery receipt of an SMS provider. `client_name` is "MMG" or "Firetext"."""
    del receipt_iso
    receipt = SmsReceipt(
        provider=_provider(client_name),
        reference=str(reference),
        status=str(status),
        code=None if detailed_code in (None, "None") else str(detailed_code),
        delivered_at=_moment(delivery_iso),
    )
    platform.notify.record_sms_receipt(receipt)


def process_ses_result(platform: Platform, sns_record: object, receipt_iso: str | None = None) -> None:
    """Apply what SES reported through SNS. Only who may write to our queue can send it: nothing is signed here."""
    del receipt_iso
    text = sns_record.get("Message") if isinstance(sns_record, Mapping) else None
    if not isinstance(text, str):
        raise InvalidEvent("SES callback failed: Message missing")
    platform.notify.record_email_receipt(parse_event(text))


def replay_created_notifications(platform: Platform) -> None:
    """Queue again what was accepted and then forgotten."""
    platform.notify.replay_undelivered()


def apply_waiting_receipts(platform: Platform) -> None:
    """Apply the receipts that could not be applied when they came."""
    platform.notify.apply_waiting_receipts()


def generate_sms_delivery_stats(platform: Platform) -> None:
    """Measure how soon texts are delivered."""
    platform.notify.measure_sms_delivery()


def switch_on_slow_delivery(platform: Platform) -> None:
    """Shift texts away from a provider that delivers late."""
    platform.notify.switch_on_slow_delivery()


def tend_providers_back(platform: Platform) -> None:
    """Let priorities go back to where they rest."""
    platform.notify.tend_providers_back()


def time_out_sending(platform: Platform, ids: list[str] | None = None) -> None:
    """Give up on receipts that never came. With ids, go on where the task before this one stopped."""
    platform.notify.perform(Task.TIME_OUT_SENDING, _ids(ids) if ids is not None else [])


def delete_notifications_older_than_retention(platform: Platform, ids: list[str] | None = None) -> None:
    """Remove what has expired. With ids, go on with the run that began then."""
    platform.notify.perform(Task.APPLY_RETENTION, _ids(ids) if ids is not None else [])


def delete_inbound_sms(platform: Platform, ids: list[str] | None = None) -> None:
    """Remove texts that people sent and that have expired. With ids, go on with the run that began then."""
    platform.notify.perform(Task.REMOVE_EXPIRED_TEXTS, _ids(ids) if ids is not None else [])


def remove_letter_files(platform: Platform, ids: list[str]) -> None:
    """Remove the PDFs of letters that have expired."""
    platform.notify.perform(Task.REMOVE_LETTER_FILES, _ids(ids))


def redate_contents(platform: Platform, service_ids: list[str]) -> None:
    """Move what services have to the days of their new settings."""
    platform.notify.perform(Task.REDATE_CONTENTS, _ids(service_ids))


def wake_callback_endpoints(platform: Platform) -> None:
    """Have those endpoints called that were forgotten."""
    platform.notify.wake_endpoints()


def process_job(
    platform: Platform, job_id: str | list[str], sender_id: str | None = None, shatter_batch_size: int | None = None
) -> None:
    """Check a job's file. The sender is the one that the file names, whatever the message says."""
    del sender_id, shatter_batch_size
    platform.notify.perform(Task.PROCESS_JOB, _ids([job_id] if isinstance(job_id, str) else job_id))


def shatter_job_rows(platform: Platform, chunk_ids: list[str]) -> None:
    """Store rows of a job."""
    platform.notify.perform(Task.SHATTER_JOB_ROWS, _ids(chunk_ids))


def process_incomplete_jobs(platform: Platform, job_ids: list[str], shatter_batch_size: int | None = None) -> None:
    """Take up jobs that stood still."""
    del shatter_batch_size
    platform.notify.perform(Task.PROCESS_INCOMPLETE_JOBS, _ids(job_ids))


def run_scheduled_jobs(platform: Platform) -> None:
    """Begin the jobs whose time has come."""
    platform.notify.run_scheduled_jobs()


def check_job_status(platform: Platform) -> None:
    """Find jobs that stand still."""
    platform.notify.check_jobs()


def update_status_of_fully_processed_jobs(platform: Platform) -> None:
    """Say of jobs that all of their messages are there."""
    platform.notify.complete_jobs()


def check_for_missing_rows_in_completed_jobs(platform: Platform) -> None:
    """Have rows stored that are missing."""
    platform.notify.restore_missing_rows()


def create_or_update_ft_billing_for_day(platform: Platform, process_day: str | list[str]) -> None:
    """Count a day for all services, given as YYYY-MM-DD, or days given by ids that stand for them."""
    if isinstance(process_day, str):
        platform.notify.build_billing(_day(process_day))
    else:
        platform.notify.perform(Task.BUILD_BILLING, _ids(process_day))


def create_nightly_billing(platform: Platform, day_start: str | None = None, n_days: int = NIGHTLY_DAYS) -> None:
    """Have the last days counted: `n_days`, of which `day_start` is the latest, or yesterday."""
    today = None if day_start is None else _day(day_start) + timedelta(days=1)
    platform.notify.create_nightly_billing(today, n_days)


def update_ft_billing_for_today(platform: Platform) -> None:
    """Count today, so far."""
    platform.notify.update_billing_for_today()


def run_populate_annual_billing(platform: Platform) -> None:
    """Give services their free allowance for a new financial year."""
    platform.notify.populate_annual_billing()


def create_nightly_status(platform: Platform) -> None:
    """Have the last days' messages counted."""
    platform.notify.create_nightly_status()


def build_status_facts(platform: Platform, ids: list[str]) -> None:
    """Count what became of days' texts and emails. Each id stands for a day."""
    platform.notify.perform(Task.BUILD_STATUS_FACTS, _ids(ids))


def build_letter_status_facts(platform: Platform, ids: list[str]) -> None:
    """Count what became of days' letters. Each id stands for a day."""
    platform.notify.perform(Task.BUILD_LETTER_STATUS_FACTS, _ids(ids))


def save_processing_time(platform: Platform, bst_date: str | None = None) -> None:
    """Measure how soon messages were handed over: of a day such as 2026-11-21, or of those that were not measured."""
    platform.notify.save_processing_time(None if bst_date is None else _day(bst_date))


def check_services(platform: Platform) -> None:
    """Tell which services' texts go nowhere."""
    platform.notify.check_services()


def check_inbound_numbers(platform: Platform) -> None:
    """Tell when numbers that people can text run out."""
    platform.notify.check_inbound_numbers()


def archive_facts(platform: Platform, ids: list[str] | None = None) -> None:
    """Archive old facts. With ids, go on with the run that began at the moments they stand for."""
    platform.notify.perform(Task.ARCHIVE_FACTS, _ids(ids) if ids is not None else [])


def create_partitions(platform: Platform) -> None:
    """Have the tables' next partitions ready before they are needed."""
    platform.ensure_partitions()


def archive_unsubscribe_requests(platform: Platform, ids: list[str] | None = None) -> None:
    """Forget the addresses in old requests. With ids, go on where the task before this one stopped."""
    platform.notify.perform(Task.ARCHIVE_UNSUBSCRIBE_REQUESTS, _place(ids))


def remove_sms_email_jobs(platform: Platform, ids: list[str] | None = None) -> None:
    """Remove the files of texts and emails whose time is over. With ids, go on behind these."""
    platform.notify.perform(Task.REMOVE_SMS_EMAIL_JOBS, _place(ids))


def remove_letter_jobs(platform: Platform, ids: list[str] | None = None) -> None:
    """Remove the files of letters whose time is over. With ids, go on behind these."""
    platform.notify.perform(Task.REMOVE_LETTER_JOBS, _place(ids))


def forget_answers(platform: Platform, ids: list[str] | None = None) -> None:
    """Forget answers that have expired. With ids, go on where the task before this one stopped."""
    platform.notify.perform(Task.FORGET_ANSWERS, _place(ids))


JOBS = (
    Job(name=Task.DELIVER_SMS, work=deliver_sms, frequent=True),
    Job(name=Task.DELIVER_EMAIL, work=deliver_email, frequent=True),
    Job(name=Task.SIMULATE_RECEIPT, work=simulate_receipt, frequent=True),
    Job(
        name="process-sms-client-response",
        work=process_sms_client_response,
        patience=SMS_RECEIPT_PATIENCE,
        frequent=True,
    ),
    Job(
        name="process-ses-result",
        work=process_ses_result,
        patience=SES_RECEIPT_PATIENCE,
        hopeless=(InvalidMessage, InvalidEvent),
        frequent=True,
    ),
    Job(name=Task.PROCESS_JOB, work=process_job, patience=UNTIL_FILES_ARE_BACK),
    Job(name=Task.SHATTER_JOB_ROWS, work=shatter_job_rows, patience=UNTIL_FILES_ARE_BACK, frequent=True),
    Job(name=Task.PROCESS_INCOMPLETE_JOBS, work=process_incomplete_jobs),
    Job(name="run-scheduled-jobs", work=run_scheduled_jobs),
    Job(name="check-job-status", work=check_job_status),
    Job(name="update-status-of-fully-processed-jobs", work=update_status_of_fully_processed_jobs),
    Job(name="check-for-missing-rows-in-completed-jobs", work=check_for_missing_rows_in_completed_jobs),
    Job(name="replay-created-notifications", work=replay_created_notifications),
    Job(name="create-partitions", work=create_partitions),
    Job(name="apply-waiting-receipts", work=apply_waiting_receipts, frequent=True),
    Job(name="generate-sms-delivery-stats", work=generate_sms_delivery_stats, frequent=True),
    Job(name="switch-current-sms-provider-on-slow-delivery", work=switch_on_slow_delivery, frequent=True),
    Job(name="tend-providers-back-to-middle", work=tend_providers_back, frequent=True),
    Job(name=Task.TIME_OUT_SENDING, work=time_out_sending),
    Job(name="create-nightly-notification-status", work=create_nightly_status),
    Job(name=Task.BUILD_STATUS_FACTS, work=build_status_facts),
    Job(name=Task.BUILD_LETTER_STATUS_FACTS, work=build_letter_status_facts),
    Job(name="save-daily-notification-processing-time", work=save_processing_time),
    Job(name="check-for-services-with-high-failure-rates-or-sending-to-tv-numbers", work=check_services),
    Job(name="check-for-low-available-inbound-sms-numbers", work=check_inbound_numbers),
    Job(name=Task.ARCHIVE_FACTS, work=archive_facts, patience=UNTIL_FILES_ARE_BACK),
    Job(name=Task.SEND_CALLBACKS, work=send_callbacks, frequent=True),
    Job(name=Task.RETRY_CALLBACKS, work=retry_callbacks, frequent=True),
    Job(name="wake-callback-endpoints", work=wake_callback_endpoints, frequent=True),
    Job(name=Task.APPLY_RETENTION, work=delete_notifications_older_than_retention),
    Job(name=Task.REMOVE_EXPIRED_TEXTS, work=delete_inbound_sms),
    Job(name=Task.REMOVE_LETTER_FILES, work=remove_letter_files),
    Job(name=Task.REDATE_CONTENTS, work=redate_contents),
    Job(name=Task.ARCHIVE_UNSUBSCRIBE_REQUESTS, work=archive_unsubscribe_requests),
    Job(name=Task.REMOVE_SMS_EMAIL_JOBS, work=remove_sms_email_jobs),
    Job(name=Task.REMOVE_LETTER_JOBS, work=remove_letter_jobs),
    Job(name=Task.FORGET_ANSWERS, work=forget_answers),
    Job(
        name=Task.BUILD_BILLING,
        work=create_or_update_ft_billing_for_day,
        hopeless=(InvalidMessage, FactsArchived),
    ),
    Job(name="create-nightly-billing", work=create_nightly_billing),
    Job(name="update-ft-billing-for-today", work=update_ft_billing_for_today),
    Job(name="run-populate-annual-billing", work=run_populate_annual_billing),
)


def _place(texts: list[str] | None) -> list[UUID]:
    """Return where a task is to go on: nowhere in particular when beat sent it."""
    return [] if texts is None else _ids(texts)


def _ids(texts: list[str]) -> list[UUID]:
    if not isinstance(texts, list):
        raise InvalidMessage("the argument is not a list of ids")
    try:
        return [UUID(text) for text in texts]
    except (ValueError, AttributeError, TypeError):
        raise InvalidMessage("the argument is not a list of ids") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except (ValueError, TypeError):
        raise InvalidMessage("the argument is not a day, YYYY-MM-DD") from None
        raise InvalidMessage("the argument is not a day such as 2026-11-21") from None


def _provider(client_name: str) -> ProviderName:
    name = str(client_name).lower()
    if name not in (ProviderName.MMG, ProviderName.FIRETEXT):
        raise InvalidMessage("the receipt comes from no SMS provider of ours")
    return ProviderName(name)


def _moment(text: str | None) -> datetime | None:
    """Read a moment; without an offset it is UTC. Nothing depends on it, so nonsense is as good as none."""
    try:
        moment = datetime.fromisoformat(text or "")
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
