"""What clients of the internal API are shown. Every key is always there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from notify_core.calendar import london_text
from notify_core.contact_lists.model import ShownContactList
from notify_core.jobs.list_rows import JobRow
from notify_core.jobs.show import ShownJob
from notify_core.notifications.status import Status
from notify_core.notifications.status_names import status_name
from notify_web.answers import wire_time

Shape = dict[str, Any]


def contact_list(shown: ShownContactList) -> Shape:
    """Present a contact list. `created_by` is a name."""
    one = shown.contact_list
    return {
        "id": str(one.id),
        "original_file_name": one.original_file_name,
        "row_count": one.row_count,
        "template_type": one.channel.value,
        "service_id": str(one.service_id),
        "created_by": shown.created_by,
        "created_at": wire_time(one.created_at),
        "has_jobs": shown.has_jobs,
        "recent_job_count": shown.recent_job_count,
    }


def time_or_none(moment: datetime | None) -> str | None:
    """Present a moment that may be none."""
    return None if moment is None else wire_time(moment)


def job(shown: ShownJob) -> Shape:
    """Present a job. A job of the API was made by nobody: its `created_by` has neither id nor name."""
    one, author = shown.job, shown.created_by
    return {
        "id": str(one.id),
        "service": str(one.service_id),
        "service_name": {"name": shown.service_name},
        "template": str(one.template_id),
        "template_name": shown.template.name,
        "template_type": one.channel.value,
        "template_version": one.template_version,
        "original_file_name": one.original_file_name,
        "notification_count": one.notification_count,
        "job_status": one.status.value,
        "archived": one.archived,
        "contact_list_id": None if one.contact_list_id is None else str(one.contact_list_id),
        "created_by": {
            "id": None if author is None else str(author.id),
            "name": None if author is None else author.name,
        },
        "created_at": wire_time(one.created_at),
        "updated_at": time_or_none(one.updated_at),
        "processing_started": time_or_none(one.processing_started),
        "processing_finished": time_or_none(one.processing_finished),
        "scheduled_for": time_or_none(one.scheduled_for),
        "statistics": _statistics(shown.statistics),
    }


def _statistics(counts: Mapping[Status, int]) -> list[Shape]:
    return [{"status": status.value, "count": count} for status, count in sorted(counts.items())]


def notification(row: JobRow) -> Shape:
    """Present a job's message. Its template is shown as it is written, not filled in."""
    facts, contents = row.message.notification, row.message.contents
    return {
        "id": str(facts.id),
        "to": contents.recipient,
        "normalised_to": contents.normalised_recipient,
        "notification_type": facts.channel.value,
        "status": facts.status.value,
        "key_type": facts.key_type.value,
        "key_name": row.key_name,
        "api_key": None if facts.api_key_id is None else str(facts.api_key_id),
        "service": str(facts.service_id),
        "job": {"id": str(row.job.id), "original_file_name": row.job.original_file_name},
        "job_row_number": facts.job_row_number,
        "created_by": None,
        "created_at": wire_time(facts.created_at),
        "sent_at": time_or_none(facts.sent_at),
        "sent_by": None if facts.sent_by is None else facts.sent_by.value,
        "updated_at": time_or_none(facts.updated_at),
        "reference": facts.reference,
        "client_reference": contents.client_reference,
        "personalisation": dict(contents.personalisation),
        "billable_units": facts.billable_units,
        "international": facts.international,
        "phone_prefix": facts.country_prefix,
        "rate_multiplier": facts.rate_multiplier,
        "reply_to_text": contents.reply_to_text,
        "postage": None,
        "document_download_count": facts.document_download_count,
        "unsubscribe_link": contents.one_click_unsubscribe_url,
        "template": _template(row),
    }


def _template(row: JobRow) -> Shape:
    template = row.template
    return {
        "id": str(template.id),
        "service": str(template.service_id),
        "version": template.version,
        "name": template.name,
        "template_type": template.channel.value,
        "content": template.content,
        "subject": template.subject,
        "redact_personalisation": False,
        "is_precompiled_letter": False,
        "letter_attachment": None,
        "reply_to_text": row.reply_to_text,
        "letter_languages": None,
        "letter_welsh_subject": None,
        "letter_welsh_content": None,
        "has_unsubscribe_link": template.has_unsubscribe_link,
    }


def csv_row(row: JobRow) -> Shape:
    """Present a job's message as a row of a table: its row counts from 1, its time is London's."""
    facts, contents = row.message.notification, row.message.contents
    return {
        "id": str(facts.id),
        "row_number": "" if facts.job_row_number is None else facts.job_row_number + 1,
        "recipient": contents.recipient,
        "client_reference": contents.client_reference or "",
        "template_name": row.template.name,
        "template_type": row.template.channel.value,
        "job_name": row.job.original_file_name,
        "status": status_name(facts.channel, facts.status),
        "created_at": london_text(facts.created_at),
        "created_by_name": None,
        "created_by_email_address": None,
        "api_key_name": row.key_name,
    }
