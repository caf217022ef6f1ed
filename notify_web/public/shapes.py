"""What clients are shown, as types: presenters return them, and the API's description is made from them.

Keys are in alphabetical order, as they are sent.
"""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired, TypedDict

from attrs import frozen

from notify_core.bulk.model import BulkState
from notify_core.notifications.status import Status
from notify_core.notifications.timeline import EventKind
from notify_core.vocabulary import ProviderName


@frozen
class Format:
    """How a text is written, in JSON Schema's words."""

    name: str


@frozen
class About:
    """What a value is for."""

    text: str


Uuid = Annotated[str, Format("uuid")]
Moment = Annotated[str, Format("date-time"), About("UTC, with six decimals.")]
Link = Annotated[str, Format("uri")]
AddressLine = Annotated[str | None, About("Letters: a line of the address.")]


class SmsContent(TypedDict):
    """A text as it will be sent."""

    body: Annotated[str, About("The text with its placeholders filled in, without the service's name.")]
    from_number: Annotated[str, About("Who it comes from.")]


class EmailContent(TypedDict):
    """An email as it will be sent."""

    body: Annotated[str, About("The body with its placeholders filled in, as Markdown.")]
    from_email: Annotated[str, About("Who it comes from.")]
    one_click_unsubscribe_url: Annotated[str | None, About("As in the request.")]
    subject: str


class TemplateUsed(TypedDict):
    """The version of a template that a message was made from."""

    id: Uuid
    uri: Link
    version: int


class Sanitised(TypedDict):
    """A value before and after it was made harmless."""

    sanitised: str
    unsanitised: str


class Accepted(TypedDict):
    """What every accepted message is told with."""

    id: Annotated[Uuid, About("The message's id, to ask what became of it.")]
    reference: Annotated[str | None, About("As in the request.")]
    scheduled_for: Annotated[Moment | None, About("When it will be sent, where that is not at once.")]
    template: TemplateUsed
    uri: Annotated[Link, About("Where to ask what became of the message.")]


class AcceptedSms(Accepted):
    """A text that was accepted."""

    content: SmsContent


class AcceptedEmail(Accepted):
    """An email that was accepted."""

    content: EmailContent
    sanitised_content: Annotated[
        dict[str, Sanitised], About("The values that `sanitise_content_for` changed, by their names as sent.")
    ]


class Rehearsed(TypedDict):
    """What every message that was tried out is told with."""

    reference: Annotated[str | None, About("As in the request.")]
    scheduled_for: Annotated[Moment | None, About("When it would be sent, where that is not at once.")]
    template: TemplateUsed


class OutgoingSms(TypedDict):
    """A text as its provider would be given it."""

    encoding: Annotated[
        Literal["gsm7", "unicode"], About("One letter outside the GSM alphabet makes all of it `unicode`.")
    ]
    fragments: Annotated[int, About("How many it takes, and is billed as.")]
    international: bool
    recipient: Annotated[str, About("The number with its country code, without `+`.")]
    sender: str
    text: Annotated[str, About("All of it, with the service's name where that goes in front.")]


class RehearsedSms(Rehearsed):
    """A text that was tried out."""

    content: SmsContent
    cost_in_pence: Annotated[float | None, About("Before any free allowance. Null where there is no rate for today.")]
    would_send: OutgoingSms


class OutgoingEmail(TypedDict):
    """An email as its provider would be given it."""

    html: Annotated[str, About("The whole page.")]
    recipient: str
    reply_to: str | None
    sender_address: str
    sender_name: str
    subject: str
    text: str


class RehearsedEmail(Rehearsed):
    """An email that was tried out."""

    content: EmailContent
    cost_in_pence: float
    sanitised_content: dict[str, Sanitised]
    would_send: OutgoingEmail


class CostShown(TypedDict):
    """What a message costs, before any free allowance."""

    cost_details: Annotated[
        dict[str, float | int | str],
        About(
            "What the cost is made of. For texts `billable_sms_fragments`, `international_rate_multiplier` and "
            "`sms_rate`; empty for emails, and while the cost is not known."
        ),
    ]
    cost_in_pounds: Annotated[float | None, About("Null while it is not known.")]
    is_cost_data_ready: Annotated[bool, About("Whether the cost is known.")]


class Notification(CostShown):
    """A message. Every key is always there."""

    body: Annotated[str, About("With the placeholders filled in.")]
    completed_at: Annotated[Moment | None, About("When it reached its last status.")]
    created_at: Moment
    created_by_name: Annotated[str | None, About("Who sent it from the website, if somebody did.")]
    email_address: Annotated[str | None, About("Emails: who it is for.")]
    id: Annotated[Uuid, About("As you were given it when you sent the message.")]
    line_1: AddressLine
    line_2: AddressLine
    line_3: AddressLine
    line_4: AddressLine
    line_5: AddressLine
    line_6: AddressLine
    one_click_unsubscribe_url: Annotated[
        str | None, About("Emails: as in the request, or else the template's own link, where it has one.")
    ]
    phone_number: Annotated[str | None, About("Texts: who it is for.")]
    postage: Annotated[str | None, About("Letters: how it is sent.")]
    postcode: Annotated[str | None, About("Letters: of the address.")]
    reference: Annotated[str | None, About("As in the request that sent it.")]
    scheduled_for: Annotated[Moment | None, About("When it was to be sent, where that was not at once.")]
    sent_at: Annotated[Moment | None, About("When it was handed to a provider.")]
    status: Status
    subject: Annotated[str | None, About("Emails and letters.")]
    template: TemplateUsed
    type: Literal["sms", "email", "letter"]


class Links(TypedDict):
    """Where the pages of a list are."""

    current: Annotated[Link, About("This page.")]
    next: NotRequired[Annotated[Link, About("The page of what came before. Left out when this one is empty.")]]


class Notifications(TypedDict):
    """A page of messages, newest first."""

    links: Links
    notifications: list[Notification]


class Problem(TypedDict):
    """One thing that is wrong."""

    error: Annotated[str, About("Which kind of error this is. For programs.")]
    message: Annotated[str, About("What is wrong, in a sentence. For people.")]


class RowAccepted(TypedDict):
    """A row that was accepted."""

    id: Annotated[Uuid, About("The message's id, to ask what became of it.")]
    row: Annotated[int, About("Which row of the request, counted from 0.")]


class RowRefused(TypedDict):
    """A row that was refused. Nothing of it will be sent."""

    errors: Annotated[list[Problem], About("What sending it by itself would have been refused with.")]
    row: Annotated[int, About("Which row of the request, counted from 0.")]


class BulkAccepted(TypedDict):
    """A bulk that was accepted: every row for itself."""

    accepted: Annotated[int, About("How many rows were accepted.")]
    id: Annotated[Uuid, About("The bulk's id, to ask what became of it.")]
    reference: Annotated[str | None, About("As in the request.")]
    refused: Annotated[int, About("How many rows were refused.")]
    rows: Annotated[list[RowAccepted | RowRefused], About("What became of each row, in order.")]
    scheduled_for: Annotated[Moment | None, About("When it will be sent, where that is not at once.")]
    template: TemplateUsed
    uri: Annotated[Link, About("Where to ask what became of it.")]


class Bulk(TypedDict):
    """A bulk as a whole. Every key is always there."""

    accepted: Annotated[int, About("How many rows were accepted.")]
    created_at: Moment
    id: Annotated[Uuid, About("As you were given it when you sent the bulk.")]
    reference: Annotated[str | None, About("As in the request that sent it.")]
    refused: Annotated[int, About("How many rows were refused.")]
    scheduled_for: Annotated[Moment | None, About("When it was to be sent, where that was not at once.")]
    simulated: Annotated[int, About("How many of those accepted are for simulated recipients: they are not sent.")]
    state: Annotated[
        BulkState,
        About(
            "`scheduled`: nothing is sent yet. `sending`. `finished`: every message has reached its end. "
            "`cancelled`: and all of them were taken back."
        ),
    ]
    statuses: Annotated[dict[str, int], About("How many messages are in each status, those that some are in.")]
    template: TemplateUsed
    type: Literal["sms", "email"]
    uri: Annotated[Link, About("Where the rows are.")]


class BulkCancelled(Bulk):
    """A bulk of which everything was cancelled that was not too late."""

    cancelled: Annotated[int, About("How many messages are cancelled, by this request or before. They are not sent.")]
    too_late: Annotated[int, About("How many are not, because their delivery had begun.")]


class BulkRowShown(TypedDict):
    """What became of a row. Every key is always there."""

    errors: Annotated[list[Problem], About("Why it was refused; else empty.")]
    id: Annotated[Uuid | None, About("The message's id. Null for rows that were refused.")]
    recipient: Annotated[str | None, About("Who it is for. Null where that could not be read.")]
    reference: Annotated[str | None, About("As in the request.")]
    row: Annotated[int, About("Which row of the request, counted from 0.")]
    status: Annotated[
        Status | Literal["refused", "simulated"],
        About("The message's, or `refused`, or `simulated` for recipients that only seem to be written to."),
    ]


class BulkRows(TypedDict):
    """A page of rows, in order."""

    links: Links
    rows: list[BulkRowShown]


class Event(TypedDict):
    """Something that happened to a message. Every key is always there."""

    at: Moment
    attempt: Annotated[int | None, About("Which attempt to deliver it this belongs to, counted from 1.")]
    detail: Annotated[str | None, About("For people; a provider's own words, or why an attempt failed.")]
    event: Annotated[EventKind, About("What happened. More kinds may be added.")]
    provider: Annotated[ProviderName | None, About("Which provider took it, was asked or reported.")]
    status: Annotated[Status | None, About("What the attempt led to, or the receipt said.")]


class Timeline(TypedDict):
    """What happened to a message, oldest first."""

    events: list[Event]
    id: Uuid


class Required(TypedDict):
    """What is asked of a placeholder."""

    required: Literal[True]


class Template(TypedDict):
    """A version of a template."""

    body: Annotated[str, About("With its placeholders, as `((name))`.")]
    created_at: Annotated[Moment, About("When the template was made, whatever the version.")]
    created_by: Annotated[str, About("The email address of who saved this version.")]
    id: Uuid
    letter_contact_block: None
    name: str
    personalisation: Annotated[dict[str, Required], About("Its placeholders, each as it is first written.")]
    postage: None
    subject: Annotated[str | None, About("Emails and letters.")]
    type: Literal["sms", "email", "letter"]
    updated_at: Annotated[Moment | None, About("When this version was saved, unless it is the first.")]
    version: int


class Templates(TypedDict):
    """Templates, by name."""

    templates: list[Template]


class Preview(TypedDict):
    """How a message from a template would read."""

    body: str
    html: Annotated[str | None, About("Emails: the body as HTML, without the page around it.")]
    id: Uuid
    postage: None
    subject: Annotated[str | None, About("Emails and letters.")]
    type: Literal["sms", "email", "letter"]
    version: int


class ReceivedText(TypedDict):
    """A text that somebody sent to the service."""

    content: str
    created_at: Moment
    id: Uuid
    notify_number: Annotated[str, About("The service's number that it was sent to.")]
    service_id: Uuid
    user_number: Annotated[str, About("Who sent it.")]


class ReceivedTexts(TypedDict):
    """A page of received texts, newest first."""

    links: Links
    received_text_messages: list[ReceivedText]


class Errors(TypedDict):
    """Why a request below `/v2` was refused."""

    errors: Annotated[list[Problem], About("Usually one. A body may have several things wrong with it.")]
    status_code: Annotated[int, About("The same as the HTTP status.")]


class Refusal(TypedDict):
    """Why a request reached nothing."""

    message: str
    result: Literal["error"]


class StatusShown(TypedDict):
    """How the platform is: all of it, or `status` alone."""

    build_time: NotRequired[str | None]
    db_bulk_version: NotRequired[Annotated[str | None, About("The same as `db_version`.")]]
    db_version: NotRequired[Annotated[str | None, About("The version of the database's tables.")]]
    git_commit: NotRequired[str | None]
    status: Literal["ok"]


class StatusFailed(TypedDict):
    """The platform is not well."""

    status: Literal["error"]


class Unsubscribed(TypedDict):
    """The wish not to be written to any more is kept."""

    message: Literal["Unsubscribe successful"]
    result: Literal["success"]


class UnsubscribeRefused(TypedDict):
    """The link is not one of ours, or no longer."""

    message: Annotated[
        dict[str, str] | str, About("For people; below `unsubscribe request`, if it looks like a link.")
    ]
    result: Literal["error"]


class OpenApi(TypedDict):
    """An OpenAPI document."""

    openapi: str
