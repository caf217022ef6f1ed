"""What clients are shown: of messages, templates and received texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

from notify_core.billing.rates import Cost
from notify_core.bulk.model import FoundBulk, FoundRow, Problem, RowAnswer, SentBulk
from notify_core.content.sanitise import Sanitised
from notify_core.inbound.model import ReceivedText
from notify_core.jobs.model import Job
from notify_core.notifications.dry_run import RehearsedEmail, RehearsedSms
from notify_core.notifications.find import Found
from notify_core.notifications.prepare import Prepared
from notify_core.notifications.send import Accepted
from notify_core.notifications.timeline import Event
from notify_core.templates.model import Template
from notify_core.templates.show import Preview, Shown
from notify_core.vocabulary import Channel
from notify_web.answers import wire_time
from notify_web.public import shapes


def accepted_sms(accepted: Accepted, root: str) -> shapes.AcceptedSms:
    """Present a text that was accepted. `root` is what links begin with."""
    return {
        **_accepted(accepted, root),
        "content": {"body": accepted.body, "from_number": accepted.sender},
    }


def accepted_email(accepted: Accepted, root: str) -> shapes.AcceptedEmail:
    """Present an email that was accepted."""
    return {
        **_accepted(accepted, root),
        "content": {
            "body": accepted.body,
            "subject": accepted.subject or "",
            "from_email": accepted.sender,
            "one_click_unsubscribe_url": accepted.one_click_unsubscribe_url,
        },
        "sanitised_content": _sanitised(accepted.sanitised),
    }


def _accepted(accepted: Accepted, root: str) -> shapes.Accepted:
    return {
        "id": str(accepted.id),
        "reference": accepted.reference,
        "uri": f"{root}/v2/notifications/{accepted.id}",
        "template": _template_sent(accepted.template, root),
        "scheduled_for": _time_or_none(accepted.scheduled_for),
    }


def rehearsed_sms(rehearsed: RehearsedSms, root: str) -> shapes.RehearsedSms:
    """Present a text that was tried out: what sending answers, but for ids, and what would go out."""
    prepared, outgoing = rehearsed.prepared, rehearsed.outgoing
    return {
        **_rehearsed(prepared, root),
        "content": {"body": prepared.body, "from_number": prepared.sender},
        "would_send": {
            "recipient": outgoing.recipient,
            "sender": outgoing.sender,
            "text": outgoing.text,
            "international": outgoing.international,
            "encoding": rehearsed.encoding,
            "fragments": rehearsed.fragments,
        },
        "cost_in_pence": None if rehearsed.pence is None else float(rehearsed.pence),
    }


def rehearsed_email(rehearsed: RehearsedEmail, root: str) -> shapes.RehearsedEmail:
    """Present an email that was tried out."""
    prepared, outgoing = rehearsed.prepared, rehearsed.outgoing
    return {
        **_rehearsed(prepared, root),
        "content": {
            "body": prepared.body,
            "subject": prepared.subject or "",
            "from_email": prepared.sender,
            "one_click_unsubscribe_url": prepared.message.contents.one_click_unsubscribe_url,
        },
        "sanitised_content": _sanitised(prepared.sanitised),
        "would_send": {
            "recipient": outgoing.recipient,
            "sender_name": outgoing.sender_name,
            "sender_address": outgoing.sender_address,
            "reply_to": outgoing.reply_to,
            "subject": outgoing.subject,
            "text": outgoing.text,
            "html": outgoing.html,
        },
        "cost_in_pence": 0.0,
    }


def _rehearsed(prepared: Prepared, root: str) -> shapes.Rehearsed:
    return {
        "reference": prepared.message.contents.client_reference,
        "template": _template_sent(prepared.template, root),
        "scheduled_for": _time_or_none(prepared.message.notification.scheduled_for),
    }


def _sanitised(values: Mapping[str, Sanitised]) -> dict[str, shapes.Sanitised]:
    return {name: {"unsanitised": value.unsanitised, "sanitised": value.sanitised} for name, value in values.items()}


def _template_sent(template: Template, root: str) -> shapes.TemplateUsed:
    return {
        "id": str(template.id),
        "version": template.version,
        # Not the address that look-ups show for the same template: it never was.
        "uri": f"{root}/services/{template.service_id}/templates/{template.id}",
    }


def _time_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else wire_time(moment)


def accepted_bulk(sent: SentBulk, root: str) -> shapes.BulkAccepted:
    """Present a bulk that was accepted, but for its rows, which are many."""
    return {
        "id": str(sent.job.id),
        "uri": _bulk_uri(sent.job, root),
        "reference": sent.job.client_reference,
        "template": _template_sent(sent.template, root),
        "scheduled_for": _time_or_none(sent.job.scheduled_for),
        "accepted": sent.accepted,
        "refused": sent.refused,
        "rows": [],
    }


def bulk_row_answers(sent: SentBulk) -> Iterator[shapes.RowAccepted | shapes.RowRefused]:
    """Present what became of each row of a bulk that was accepted."""
    return (_row_answer(row, answer) for row, answer in enumerate(sent.answers()))


def _row_answer(row: int, answer: RowAnswer) -> shapes.RowAccepted | shapes.RowRefused:
    if isinstance(answer, UUID):
        return {"row": row, "id": str(answer)}
    return {"row": row, "errors": _problems(answer)}


def _problems(problems: Iterable[Problem]) -> list[shapes.Problem]:
    return [{"error": problem.error, "message": problem.message} for problem in problems]


def bulk(found: FoundBulk, root: str) -> shapes.Bulk:
    """Present a bulk looked up."""
    job = found.job
    return {
        "id": str(job.id),
        "uri": f"{_bulk_uri(job, root)}/rows",
        "type": "email" if job.channel is Channel.EMAIL else "sms",
        "state": found.state,
        "reference": job.client_reference,
        "template": _version_used(job.template_id, job.template_version, root),
        "created_at": wire_time(job.created_at),
        "scheduled_for": _time_or_none(job.scheduled_for),
        "accepted": job.notification_count - found.refused,
        "refused": found.refused,
        "simulated": found.simulated,
        "statuses": {status.value: count for status, count in found.counts.items()},
    }


def cancelled_bulk(found: FoundBulk, root: str) -> shapes.BulkCancelled:
    """Present a bulk of which everything was cancelled that was not too late."""
    return {**bulk(found, root), "cancelled": found.cancelled, "too_late": found.too_late}


def bulk_rows(found: Sequence[FoundRow], links: Mapping[str, str]) -> shapes.BulkRows:
    """Present a page of rows."""
    return {"links": _links(links), "rows": [_bulk_row(row) for row in found]}


def _bulk_row(found: FoundRow) -> shapes.BulkRowShown:
    return {
        "row": found.row,
        "id": None if found.notification_id is None else str(found.notification_id),
        "status": found.status or ("simulated" if found.simulated else "refused"),
        "recipient": found.recipient,
        "reference": found.reference,
        "errors": _problems(found.problems),
    }


def _bulk_uri(job: Job, root: str) -> str:
    return f"{root}/v2/notifications/bulk/{job.id}"


def notifications(found: Sequence[Found], links: Mapping[str, str], root: str) -> shapes.Notifications:
    """Present a page of messages."""
    return {"links": _links(links), "notifications": [notification(message, root) for message in found]}


def _links(links: Mapping[str, str]) -> shapes.Links:
    return {"current": links["current"], "next": links["next"]} if "next" in links else {"current": links["current"]}


def notification(found: Found, root: str) -> shapes.Notification:
    """Present a message looked up. Every key is always there."""
    facts, contents = found.notification, found.contents
    return {
        "id": str(facts.id),
        "reference": contents.client_reference,
        "type": facts.channel.value,
        "status": facts.status,
        "email_address": contents.recipient if facts.channel is Channel.EMAIL else None,
        "phone_number": contents.recipient if facts.channel is Channel.SMS else None,
        "line_1": None,
        "line_2": None,
        "line_3": None,
        "line_4": None,
        "line_5": None,
        "line_6": None,
        "postcode": None,
        "postage": facts.postage,
        "body": found.body,
        "subject": found.subject,
        "template": _version_used(facts.template_id, facts.template_version, root),
        "created_at": wire_time(facts.created_at),
        "created_by_name": None,
        "sent_at": _time_or_none(facts.sent_at),
        "completed_at": _time_or_none(facts.completed_at),
        "scheduled_for": _time_or_none(facts.scheduled_for),
        "one_click_unsubscribe_url": found.one_click_unsubscribe_url,
        **_cost(found.cost),
    }


@lru_cache
def _version_used(template_id: UUID, version: int, root: str) -> shapes.TemplateUsed:
    """Present the template of a message. The same for most messages on a page."""
    return {
        "id": str(template_id),
        "version": version,
        "uri": f"{root}/v2/template/{template_id}/version/{version}",
    }


@lru_cache
def _cost(cost: Cost) -> shapes.CostShown:
    """Present what a message cost. Nearly all texts cost one of a few sums."""
    return {
        "is_cost_data_ready": cost.ready,
        "cost_in_pounds": None if cost.pounds is None else float(cost.pounds),
        "cost_details": {name: _number(value) for name, value in cost.details.items()},
    }


def timeline(notification_id: UUID, events: Iterable[Event]) -> shapes.Timeline:
    """Present what happened to a message."""
    return {"id": str(notification_id), "events": [_event(event) for event in events]}


def _event(event: Event) -> shapes.Event:
    return {
        "at": wire_time(event.at),
        "event": event.kind,
        "attempt": event.attempt,
        "provider": event.provider,
        "status": event.status,
        "detail": event.detail,
    }


def template(shown: Shown) -> shapes.Template:
    """Present a version of a template."""
    written = shown.template
    return {
        "id": str(written.id),
        "type": written.channel.value,
        "name": written.name,
        "version": written.version,
        "created_at": wire_time(written.created_at),
        "updated_at": _time_or_none(written.updated_at),
        "created_by": shown.created_by,
        "subject": written.subject,
        "body": written.content,
        "personalisation": {name: {"required": True} for name in shown.placeholders},
        "postage": None,
        "letter_contact_block": None,
    }


def templates(found: Iterable[Shown]) -> shapes.Templates:
    """Present all templates that there are."""
    return {"templates": [template(shown) for shown in found]}


def preview(preview: Preview) -> shapes.Preview:
    """Present how a message from a template would read."""
    return {
        "id": str(preview.template.id),
        "type": preview.template.channel.value,
        "version": preview.template.version,
        "subject": preview.subject,
        "body": preview.body,
        "html": preview.html,
        "postage": None,
    }


def received_texts(texts: Sequence[ReceivedText], links: Mapping[str, str]) -> shapes.ReceivedTexts:
    """Present a page of texts that people sent to the service."""
    return {"links": _links(links), "received_text_messages": [_received_text(text) for text in texts]}


def _received_text(text: ReceivedText) -> shapes.ReceivedText:
    return {
        "id": str(text.id),
        "service_id": str(text.service_id),
        "notify_number": text.notify_number,
        "user_number": text.user_number,
        "content": text.content,
        "created_at": wire_time(text.created_at),
    }


def _number(value: Decimal | int | str) -> float | int | str:
    """Return a value as JSON can hold it. A float is written with the fewest digits that still mean it.

    >>> _number(Decimal("0.0681")), _number(Decimal(1)), _number(3)
    (0.0681, 1.0, 3)
    """
    return float(value) if isinstance(value, Decimal) else value
