"""Every error the public API tells, one row each: what is asked, and the status, name and sentence that answer it.

The rows are in the order of the checks. What follows from combinations, and from odd forms of the same mistake, is in
the tests of each part.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from attrs import evolve, frozen

from notify_adapters.memory import FixedClock, SequentialIds, in_memory
from notify_core.application import Options
from notify_core.documents.ports import DocumentRefused, DocumentsUnavailable
from notify_core.errors import NotifyError
from notify_core.notifications.model import Contents, Message, Notification, expiry_date
from notify_core.notifications.status import Status
from notify_core.outbox.model import OutboxEntry, Queue, Task
from notify_core.services.model import MessageLimits, Permission
from notify_core.templates.write import NewTemplate
from notify_core.vocabulary import Channel, KeyType
from tests.unit.conftest import make_town
from tests.unit.web.conftest import Reply, Web, make_token

SMS, EMAIL, LETTER = (f"/v2/notifications/{channel}" for channel in ("sms", "email", "letter"))
BULK = "/v2/notifications/bulk"
NAMED = {"personalisation": {"name": "Jo"}}
UNKNOWN = UUID(int=7)
STATUSES = (
    "cancelled, created, sending, sent, delivered, pending, failed, technical-failure, temporary-failure, "
    "permanent-failure, pending-virus-check, validation-failed, virus-scan-failed, returned-letter, "
    "accepted, received"
)
GENERAL = (
    "Invalid token: make sure your API token matches the example at "
    "https://docs.notifications.service.gov.uk/rest-api.html#authorisation-header"
)
INVALID_NUMBER = "Number is not valid – double check the phone number you entered"
NOT_ISO = (
    "scheduled_for datetime format is invalid. It must be a valid ISO8601 date time format, "
    "https://en.wikipedia.org/wiki/ISO_8601"
)

Ask = Callable[[Web], Reply]


@frozen
class Row:
    """One line of the table. `told` is one sentence, several of the same name, or what makes one."""

    name: str
    ask: Ask
    status: int
    error: str
    told: str | list[str] | Callable[[Web], str]


def sms(**changes: object) -> Ask:
    return lambda web: web.post(SMS, web.sms(**changes))


def email(**changes: object) -> Ask:
    return lambda web: web.post(EMAIL, web.email(**changes))


def post(path: str, body: object) -> Ask:
    return lambda web: web.post(path, body)


def bulk(**changes: object) -> Ask:
    """Send a bulk of one text, changed. Values that are ... are left out."""

    def ask(web: Web) -> Reply:
        rows = [{"phone_number": "07700900123", **NAMED}]
        body = {"template_id": str(web.town.sms.id), "rows": rows} | changes
        return web.post(BULK, {name: value for name, value in body.items() if value is not ...})

    return ask


def letter(body: object) -> Ask:
    return post(LETTER, body)


def get(path: str) -> Ask:
    return lambda web: web.get(path)


def of_template(rest: str, body: object = None) -> Ask:
    """Ask something of the text template."""

    def ask(web: Web) -> Reply:
        path = f"/v2/template/{web.town.sms.id}{rest}"
        return web.get(path) if body is None else web.post(path, body)

    return ask


def authorised(header: str) -> Ask:
    return lambda web: web.request("GET", "/v2/notifications", headers={"authorization": header})


def claiming(secret: str | None = None, header: object = None, **claims: object) -> Ask:
    """Ask with a token of these claims beside right ones. A claim that is ... is left out."""

    def ask(web: Web) -> Reply:
        right = {"iss": str(web.town.service.id), "iat": int(web.town.clock().timestamp())}
        chosen = {name: value for name, value in (right | claims).items() if value is not ...}
        token = make_token(secret or web.town.keys[KeyType.NORMAL].secret, chosen, header)
        return web.request("GET", "/v2/notifications", headers={"authorization": f"Bearer {token}"})

    return ask


def on_behalf_of(ask: Ask, **service: Any) -> Ask:
    """Ask for another service, set up like this, where limits of requests are minded."""

    def ask_there(web: Web) -> Reply:
        clock = FixedClock(web.town.clock.now)
        options = Options(email_domain="notify.example", sms_sender="NOTIFY")
        platform = in_memory(clock=clock, new_id=SequentialIds(clock), options=options)
        return ask(Web(make_town(platform, clock, **service), web.runner))

    return ask_there


def with_key(path: str, key: KeyType, times: int = 1) -> Ask:
    """Send something that is accepted, with that key, and return the last answer."""

    def ask(web: Web) -> Reply:
        body = web.sms() if path == SMS else web.email() if path == EMAIL else {}
        return [web.post(path, body, key) for _ in range(times)][-1]

    return ask


def revoked(days: int) -> Ask:
    def ask(web: Web) -> Reply:
        for key in web.town.keys.values():
            web.town.platform.notify.revoke_api_key(key.id)
        web.town.clock.advance(timedelta(days=days))
        return web.get("/v2/notifications")

    return ask


def archived_service(web: Web) -> Reply:
    with web.town.platform.database.begin() as work:
        work.services._table.put(web.town.service.id, evolve(web.town.service, active=False))
        work.commit()
    return web.get("/v2/notifications")


def archived_template(web: Web) -> Reply:
    with web.town.platform.database.statement() as work:
        work.templates.save(evolve(web.town.sms, version=2, archived=True))
    return web.post(SMS, web.sms())


def with_template(channel: Channel, content: str, values: dict[str, object], subject: str | None = None) -> Ask:
    """Send a message from a template like that."""

    def ask(web: Web) -> Reply:
        template = web.town.platform.notify.create_template(
            NewTemplate(service_id=web.town.service.id, name="New", channel=channel, content=content, subject=subject)
        )
        body = {"template_id": str(template.id), "personalisation": values}
        return web.post(SMS, web.sms(**body)) if channel is Channel.SMS else web.post(EMAIL, web.email(**body))

    return ask


def wrong_type(web: Web) -> Reply:
    return web.post(SMS, web.sms(template_id=str(web.town.email.id)))


def pdf_of_text(web: Web) -> Reply:
    return web.get(f"/v2/notifications/{web.town.text().id}/pdf")


def pdf_of_letter(status: Status) -> Ask:
    """Ask for the PDF of a letter, such as earlier versions may have accepted."""

    def ask(web: Web) -> Reply:
        town, now = web.town, web.town.clock()
        facts = Notification(
            id=uuid4(),
            service_id=town.service.id,
            template_id=town.sms.id,
            template_version=1,
            channel=Channel.LETTER,
            key_type=KeyType.NORMAL,
            api_key_id=None,
            created_at=now,
            expires_on=expiry_date(now, 7),
            status=status,
        )
        contents = Contents(recipient="1 High St", normalised_recipient="1highst")
        due = OutboxEntry(
            id=uuid4(), task=Task.DELIVER_SMS, queue=Queue.SEND_SMS, subject_id=facts.id, available_at=now
        )
        with town.platform.database.statement() as work:
            work.notifications.accept(Message(notification=facts, contents=contents), due)
        return web.get(f"/v2/notifications/{facts.id}/pdf")

    return ask


def same_sender(field: str) -> Ask:
    return lambda web: web.post(SMS if field.startswith("sms") else EMAIL, _sender_body(web, field))


def _sender_body(web: Web, field: str) -> dict[str, object]:
    changes: dict[str, object] = {field: str(UNKNOWN)}
    return web.sms(**changes) if field.startswith("sms") else web.email(**changes)


def filing(failure: NotifyError | None = None, **values: object) -> Ask:
    """Send a file by email, for a service that may, with the file service failing like that."""

    def ask(web: Web) -> Reply:
        clock = FixedClock(web.town.clock.now)
        platform = in_memory(clock=clock, new_id=SequentialIds(clock))
        if failure is not None:
            platform.documents.failures.append(failure)
        there = Web(make_town(platform, clock, contact_link="https://bins.example"), web.runner)
        return there.post(EMAIL, there.email(personalisation={"name": {"file": "eA=="} | values}))

    return ask


def keyed(*keys: str) -> Ask:
    """Send texts that differ, under these keys, and return the last answer."""

    def ask(web: Web) -> Reply:
        replies = [
            web.request(
                "POST",
                SMS,
                json.dumps(web.sms(reference=str(number))).encode(),
                web.signed() | {"idempotency-key": key},
            )
            for number, key in enumerate(keys)
        ]
        return replies[-1]

    return ask


def cancelled_late(web: Web) -> Reply:
    message = web.post(SMS, web.sms()).json["id"]
    web.town.platform.run()
    return web.post(f"/v2/notifications/{message}/cancel", b"")


AUTHENTICATION = [
    Row(
        "no token",
        lambda web: web.request("GET", "/v2/notifications"),
        401,
        "AuthError",
        "Unauthorized: authentication token must be provided",
    ),
    Row("empty token", authorised(""), 401, "AuthError", "Unauthorized: authentication token must be provided"),
    Row(
        "other scheme",
        authorised("Basic abc"),
        401,
        "AuthError",
        "Unauthorized: authentication bearer scheme must be used",
    ),
    Row("no JWT", authorised("Bearer a.b.c"), 403, "AuthError", GENERAL),
    Row("no issuer", claiming(iss=...), 403, "AuthError", "Invalid token: iss field not provided"),
    Row(
        "odd issuer",
        claiming(iss="notify-admin"),
        403,
        "AuthError",
        "Invalid token: service id is not the right data type",
    ),
    Row("unknown issuer", claiming(iss=str(UNKNOWN)), 403, "AuthError", "Invalid token: service not found"),
    Row("no keys", revoked(days=9), 403, "AuthError", "Invalid token: service has no API keys"),
    Row("archived service", archived_service, 403, "AuthError", "Invalid token: service is archived"),
    Row(
        "other algorithm",
        claiming(header={"alg": "HS512"}),
        403,
        "AuthError",
        "Invalid token: algorithm used is not HS256",
    ),
    Row("clock", claiming(iat=1), 403, "AuthError", "Error: Your system clock must be accurate to within 30 seconds"),
    Row("audience", claiming(aud="x"), 403, "AuthError", GENERAL),
    Row("no time", claiming(iat=...), 403, "AuthError", "Invalid token: API key not found"),
    Row("revoked", revoked(days=1), 403, "AuthError", "Invalid token: API key revoked"),
    Row("wrong secret", claiming(secret="wrong"), 403, "AuthError", "Invalid token: API key not found"),
]

LIMITS = [
    *(
        Row(
            f"rate {key}",
            on_behalf_of(with_key(path, key, times=6), rate_limit=6, limits=MessageLimits()),
            429,
            "RateLimitError",
            f"Exceeded rate limit for key type {spoken} of 6 requests per 60 seconds",
        )
        for key, spoken, path in (
            (KeyType.NORMAL, "LIVE", LETTER),
            (KeyType.TEAM, "TEAM", EMAIL),
            (KeyType.TEST, "TEST", SMS),
        )
    ),
    *(
        Row(
            f"daily {channel}",
            on_behalf_of(with_key(path, KeyType.NORMAL), limits=MessageLimits(**{channel: 0})),
            429,
            "TooManyRequestsError",
            f"Exceeded send limits ({channel}: 0) for today",
        )
        for channel, path in (("sms", SMS), ("email", EMAIL), ("letter", LETTER))
    ),
    Row(
        "daily abroad",
        on_behalf_of(sms(phone_number="+33 6 12 34 56 78"), limits=MessageLimits(international_sms=0)),
        429,
        "TooManyRequestsError",
        "Exceeded send limits (international_sms: 0) for today",
    ),
]

BODIES = [
    *(
        Row(
            f"no JSON to {path}",
            post(path, b"{"),
            400,
            "BadRequestError",
            "Invalid JSON supplied in POST data",
        )
        for path in (SMS, EMAIL, LETTER)
    ),
    *(
        Row(
            f"{body!r} to {path}",
            post(path, body),
            400,
            "ValidationError",
            f"{shown} is not of type object",
        )
        for path in (SMS, EMAIL, LETTER)
        for body, shown in ((b"[1]", "[1]"), (b'"x"', "x"), (b"5", "5"), (b"true", "True"))
    ),
    Row("not a UUID", sms(template_id="x"), 400, "ValidationError", "template_id is not a valid UUID"),
    Row(
        "not https",
        email(one_click_unsubscribe_url="http://x.uk"),
        400,
        "ValidationError",
        "one_click_unsubscribe_url is not a valid https url",
    ),
    Row(
        "wrong type", sms(personalisation=None), 400, "ValidationError", "personalisation None is not of type object"
    ),
    Row(
        "wrong types",
        email(sanitise_content_for="x"),
        400,
        "ValidationError",
        "sanitise_content_for x is not of type array, null",
    ),
    Row("too long", sms(reference="x" * 1001), 400, "ValidationError", f"reference {'x' * 1001} is too long"),
    Row(
        "missing",
        email(email_address=..., template_id=...),
        400,
        "ValidationError",
        ["email_address is a required property", "template_id is a required property"],
    ),
    Row("surplus", sms(foo=1), 400, "ValidationError", "Additional properties are not allowed (foo was unexpected)"),
    Row(
        "surpluses",
        sms(foo=1, bar=1),
        400,
        "ValidationError",
        "Additional properties are not allowed (bar, foo were unexpected)",
    ),
    Row(
        "past",
        sms(scheduled_for="2026-11-21T11:00"),
        400,
        "ValidationError",
        "scheduled_for datetime can not be in the past",
    ),
    Row(
        "far future",
        sms(scheduled_for="2026-11-22T13:00"),
        400,
        "ValidationError",
        "scheduled_for datetime can only be 24 hours in the future",
    ),
    Row("no time at all", sms(scheduled_for="soon"), 400, "ValidationError", NOT_ISO),
    Row(
        "not an address", email(email_address="x"), 400, "ValidationError", "email_address Not a valid email address"
    ),
    *(
        Row(f"number {number!r}", sms(phone_number=number), 400, "ValidationError", f"phone_number {told}")
        for number, told in (
            ("", "Not enough digits"),
            ("07900", "Not enough digits"),
            ("079009001234567", "Too many digits"),
            ("0790090012x", "Must not contain letters or symbols"),
            ("08515111111", INVALID_NUMBER),
            ("0800 123 4567", INVALID_NUMBER),
            ("+999 123456", INVALID_NUMBER),
        )
    ),
]

FILES = [
    *(
        Row(f"file: {told[:40]}", filing(**values), 400, "ValidationError", told)
        for values, told in (
            ({"file": False}, "file False is not of type string"),
            (
                {"is_csv": "bad"},
                "is_csv Unsupported value for is_csv: bad. Use a boolean true or false value.",
            ),
            (
                {"confirm_email_before_download": "x"},
                (
                    "confirm_email_before_download Unsupported value for confirm_email_before_download: x. "
                    "Use a boolean true or false value."
                ),
            ),
            (
                {"retention_period": "79 weeks"},
                (
                    "retention_period Unsupported value for retention_period: 79 weeks. "
                    "Supported periods are from 1 to 78 weeks."
                ),
            ),
            (
                {"filename": "report"},
                "filename `filename` must end with a file extension. For example, filename.csv",
            ),
            (
                {"is_csv": None, "filename": None},
                "Do not set a value for `is_csv` if `filename` is set.",
            ),
            ({"other": 1}, "Additional properties are not allowed (other was unexpected)"),
        )
    ),
    Row(
        "files not set up",
        lambda web: web.post(EMAIL, web.email(personalisation={"name": {"file": "eA=="}})),
        400,
        "BadRequestError",
        lambda web: (
            "Send files by email has not been set up - add contact details for your service at "
            f"http://localhost:6012/services/{web.town.service.id}/service-settings/send-files-by-email"
        ),
    ),
    *(
        Row(f"file service: {told[:40]}", filing(DocumentRefused(told)), 400, "BadRequestError", told)
        for told in (
            "Uploaded file exceeds file size limit",
            "Document is not base64 encoded",
            "File did not pass the virus scan",
            (
                "Unsupported file type '.exe'. Supported types are: '.csv', '.doc', '.docx', '.jpeg', '.jpg', "
                "'.json', '.odt', '.pdf', '.png', '.rtf', '.txt', '.xlsx'"
            ),
            "`filename` cannot be longer than 100 characters",
        )
    ),
    Row(
        "file service away",
        filing(DocumentsUnavailable("no answer")),
        503,
        "DocumentsUnavailable",
        "Files cannot be uploaded at the moment, please try again",
    ),
]

ASKED_BEFORE = [
    Row(
        "key too long",
        keyed("x" * 256),
        400,
        "BadRequestError",
        "Idempotency-Key is 256 characters long; use 1 to 255",
    ),
    Row(
        "key of another request",
        keyed("a", "a"),
        422,
        "IdempotencyKeyReusedError",
        "Idempotency-Key was used for another request: use a new key, or repeat that request unchanged",
    ),
    Row(
        "too late",
        cancelled_late,
        409,
        "TooLateToCancelError",
        "Too late to cancel this message: it is sending",
    ),
]

LETTERS = [
    Row(
        "nothing",
        letter({}),
        400,
        "ValidationError",
        ["template_id is a required property", "personalisation is a required property"],
    ),
    Row(
        "letter values",
        letter({"reference": None, "template_id": 1, "personalisation": []}),
        400,
        "ValidationError",
        [
            "reference None is not of type string",
            "template_id is not a valid UUID",
            "personalisation [] is not of type object",
        ],
    ),
    Row(
        "a letter goes to nobody's phone",
        letter({"template_id": str(UNKNOWN), "personalisation": {}, "phone_number": "x", "postage": "first"}),
        400,
        "ValidationError",
        "Additional properties are not allowed (phone_number, postage were unexpected)",
    ),
    Row(
        "precompiled without reference",
        letter({"content": ""}),
        400,
        "ValidationError",
        "reference is a required property",
    ),
    Row(
        "precompiled values",
        letter({"reference": 1, "content": None}),
        400,
        "ValidationError",
        ["reference 1 is not of type string", "content None is not of type string"],
    ),
    Row(
        "postage",
        letter({"reference": "", "content": "", "postage": "third"}),
        400,
        "ValidationError",
        "postage invalid. It must be either first, second or economy.",
    ),
    Row(
        "no postage",
        letter({"reference": "", "content": "", "postage": None}),
        400,
        "ValidationError",
        "postage None is not of type string",
    ),
    Row(
        "precompiled surplus",
        letter({"reference": "", "content": "", "template_id": "x"}),
        400,
        "ValidationError",
        "Additional properties are not allowed (template_id was unexpected)",
    ),
    Row(
        "a good letter",
        letter({"template_id": str(UNKNOWN), "personalisation": {}, "reference": ""}),
        400,
        "BadRequestError",
        "Service is not allowed to send letters",
    ),
    Row(
        "a good precompiled letter",
        letter({"reference": "x" * 5000, "content": "", "postage": "economy"}),
        400,
        "BadRequestError",
        "Service is not allowed to send letters",
    ),
]

MESSAGES = [
    Row(
        "no texts",
        on_behalf_of(sms(), permissions={Permission.EMAIL}),
        400,
        "BadRequestError",
        "Service is not allowed to send text messages",
    ),
    Row(
        "no emails",
        on_behalf_of(email(), permissions={Permission.SMS}),
        400,
        "BadRequestError",
        "Service is not allowed to send emails",
    ),
    Row("no template", sms(template_id=str(UNKNOWN)), 400, "BadRequestError", "Template not found"),
    Row("other template", wrong_type, 400, "BadRequestError", "email template is not suitable for sms notification"),
    Row("archived template", archived_template, 400, "BadRequestError", "Template has been deleted"),
    Row(
        "no values",
        with_template(Channel.SMS, "((a)) ((b))", {"b": None}),
        400,
        "BadRequestError",
        "Missing personalisation: a, b",
    ),
    Row("no text", with_template(Channel.SMS, "((a))", {"a": " "}), 400, "BadRequestError", "Your message is empty."),
    Row(
        "file in a text",
        sms(personalisation={"name": {"file": "x"}}),
        400,
        "BadRequestError",
        "Can only send a file by email",
    ),
    *(
        Row(field, same_sender(field), 400, "BadRequestError", f"{field} {UNKNOWN} does not exist in database for")
        for field in ("sms_sender_id", "email_reply_to_id")
    ),
    Row(
        "team key",
        lambda web: web.post(SMS, web.sms(), KeyType.TEAM),
        400,
        "BadRequestError",
        "Can’t send to this recipient using a team-only API key",
    ),
    Row(
        "trial",
        on_behalf_of(sms(), restricted=True),
        400,
        "BadRequestError",
        "Can’t send to this recipient when service is in trial mode – see "
        "https://www.notifications.service.gov.uk/trial-mode",
    ),
    Row(
        "abroad",
        on_behalf_of(sms(phone_number="+33 6 12 34 56 78"), permissions={Permission.SMS}),
        400,
        "BadRequestError",
        "Cannot send to international mobile numbers",
    ),
    Row("landline", sms(phone_number="01709510122"), 400, "InvalidPhoneError", "Not a UK mobile number"),
    Row(
        "long text",
        sms(personalisation={"name": "x" * 916}),
        400,
        "BadRequestError",
        "Your message is too long. Text messages cannot be longer than 918 characters. "
        "Your message is 919 characters long.",
    ),
    Row(
        "long email",
        with_template(Channel.EMAIL, "((a))", {"a": "x" * 2_000_001}, subject="S"),
        400,
        "BadRequestError",
        "Your message is too long. Emails cannot be longer than 2000000 bytes. Your message is 2000001 bytes.",
    ),
]

LOOKING_UP = [
    Row("bad id", get("/v2/notifications/x"), 400, "ValidationError", "notification_id is not a valid UUID"),
    Row("unknown id", get(f"/v2/notifications/{UNKNOWN}"), 404, "NoResultFound", "No result found"),
    Row(
        "PDF of bad id", get("/v2/notifications/x/pdf"), 400, "ValidationError", "notification_id is not a valid UUID"
    ),
    Row(
        "PDF of a channel",
        get("/v2/notifications/letter/pdf"),
        400,
        "ValidationError",
        "notification_id is not a valid UUID",
    ),
    Row("PDF of nothing", get(f"/v2/notifications/{UNKNOWN}/pdf"), 404, "NoResultFound", "No result found"),
    Row("PDF of a text", pdf_of_text, 400, "BadRequestError", "Notification is not a letter"),
    Row(
        "PDF of a virus",
        pdf_of_letter(Status.VIRUS_SCAN_FAILED),
        400,
        "BadRequestError",
        "File did not pass the virus scan",
    ),
    Row(
        "PDF of a failure",
        pdf_of_letter(Status.TECHNICAL_FAILURE),
        400,
        "BadRequestError",
        "PDF not available for letters in status technical-failure",
    ),
    Row(
        "PDF too soon",
        pdf_of_letter(Status.CREATED),
        400,
        "PDFNotReadyError",
        "PDF not available yet, try again later",
    ),
    Row(
        "status",
        get("/v2/notifications?status=lost&status=created"),
        400,
        "ValidationError",
        f"status lost is not one of [{STATUSES}]",
    ),
    Row(
        "statuses in one",
        get("/v2/notifications?status=created,sending"),
        400,
        "ValidationError",
        f"status created,sending is not one of [{STATUSES}]",
    ),
    Row(
        "status without a value",
        get("/v2/notifications?status"),
        400,
        "ValidationError",
        f"status  is not one of [{STATUSES}]",
    ),
    Row(
        "type",
        get("/v2/notifications?template_type=fax"),
        400,
        "ValidationError",
        "template_type fax is not one of [sms, email, letter]",
    ),
    Row(
        "jobs",
        get("/v2/notifications?include_jobs=false"),
        400,
        "ValidationError",
        "include_jobs false is not one of [true, True]",
    ),
    Row(
        "older than", get("/v2/notifications?older_than=x"), 400, "ValidationError", "older_than is not a valid UUID"
    ),
    Row(
        "null in a reference",
        get("/v2/notifications?reference=a%00b"),
        400,
        "ValidationError",
        "reference must not contain null characters",
    ),
    Row(
        "unknown parameter",
        get("/v2/notifications?page=2"),
        400,
        "ValidationError",
        "Additional properties are not allowed (page was unexpected)",
    ),
    Row(
        "all at once",
        get("/v2/notifications?x=1&older_than=&include_jobs=1&template_type=a&template_type=b&status=c"),
        400,
        "ValidationError",
        [
            f"status c is not one of [{STATUSES}]",
            "template_type a is not one of [sms, email, letter]",
            "template_type b is not one of [sms, email, letter]",
            "include_jobs 1 is not one of [true, True]",
            "older_than is not a valid UUID",
            "Additional properties are not allowed (x was unexpected)",
        ],
    ),
]

OF_BULK = [
    Row("bulk of no JSON", post(BULK, b"{"), 400, "BadRequestError", "Invalid JSON supplied in POST data"),
    Row("empty bulk", bulk(rows=[]), 400, "ValidationError", "rows is empty: send at least one"),
    Row("bulk without rows", bulk(rows=...), 400, "ValidationError", "rows is a required property"),
    Row("bulk of rows and CSV", bulk(csv=""), 400, "ValidationError", "csv cannot be given together with rows"),
    Row("bulk of numbers", bulk(rows=[5]), 400, "ValidationError", "rows 0 5 is not of type object"),
    Row(
        "bulk, several wrong",
        bulk(rows=1, template_id=2, zoo=3),
        400,
        "ValidationError",
        [
            "template_id is not a valid UUID",
            "rows 1 is not of type array",
            "Additional properties are not allowed (zoo was unexpected)",
        ],
    ),
    Row("bulk of nothing", bulk(template_id=str(UNKNOWN)), 400, "BadRequestError", "Template not found"),
    Row(
        "bulk of columns",
        bulk(rows=..., csv="name"),
        400,
        "BadRequestError",
        "csv has no column for: phone number. Name the columns in its first line",
    ),
    Row(
        "bulk that is too large",
        post(BULK, b" " * (50 * 1024 * 1024 + 1)),
        413,
        "RequestEntityTooLarge",
        "The request is larger than 50 MiB: send its rows in several requests",
    ),
    Row(
        "bulk without room",
        on_behalf_of(bulk(rows=[{"phone_number": "07700900123", **NAMED}] * 3), limits=MessageLimits(sms=2)),
        429,
        "TooManyRequestsError",
        "Exceeded send limits (sms: 2) for today: there is room for 2 more, and these are 3",
    ),
    Row("no bulk id", get(BULK), 400, "ValidationError", "notification_id is not a valid UUID"),
    Row("bad bulk id", get(f"{BULK}/x"), 400, "ValidationError", "bulk_id is not a valid UUID"),
    Row("unknown bulk", get(f"{BULK}/{UNKNOWN}"), 404, "NoResultFound", "No result found"),
    Row("rows of nothing", get(f"{BULK}/{UNKNOWN}/rows"), 404, "NoResultFound", "No result found"),
    Row(
        "bad page",
        get(f"{BULK}/{UNKNOWN}/rows?page=0"),
        400,
        "ValidationError",
        "page is not the number of a page: they count from 1",
    ),
    Row("cancelling no bulk", post(f"{BULK}/{UNKNOWN}/cancel", b""), 404, "NoResultFound", "No result found"),
]

TEMPLATES = [
    Row("bad template id", get("/v2/template/x"), 400, "ValidationError", "id is not a valid UUID"),
    Row("bad id of a version", get("/v2/template/x/version/1"), 400, "ValidationError", "id is not a valid UUID"),
    Row("unknown template", get(f"/v2/template/{UNKNOWN}"), 404, "NoResultFound", "No result found"),
    Row("unknown version", of_template("/version/9"), 404, "NoResultFound", "No result found"),
    Row("huge version", of_template("/version/2147483648"), 404, "NoResultFound", "No result found"),
    Row(
        "list of templates",
        get("/v2/templates?type=coconut&type=sms"),
        400,
        "ValidationError",
        "type coconut is not one of [sms, email, letter]",
    ),
    Row(
        "list of templates, more",
        get("/v2/templates?page=1"),
        400,
        "ValidationError",
        "Additional properties are not allowed (page was unexpected)",
    ),
    Row(
        "preview without values", of_template("/preview", {}), 400, "BadRequestError", "Missing personalisation: name"
    ),
    Row(
        "preview with null",
        of_template("/preview", {"personalisation": None}),
        400,
        "ValidationError",
        "personalisation None is not of type object",
    ),
    Row("preview of no object", of_template("/preview", [1]), 400, "ValidationError", "[1] is not of type object"),
    Row("preview of a number", of_template("/preview", 5), 400, "ValidationError", "5 is not of type object"),
    Row(
        "preview of spaces",
        of_template("/preview", b"  "),
        400,
        "BadRequestError",
        "Invalid JSON supplied in POST data",
    ),
    Row(
        "preview, both wrong",
        post("/v2/template/x/preview", {"personalisation": 1}),
        400,
        "ValidationError",
        ["id is not a valid UUID", "personalisation 1 is not of type object"],
    ),
    Row(
        "preview of nothing",
        post(f"/v2/template/{UNKNOWN}/preview", {}),
        404,
        "NoResultFound",
        "No result found",
    ),
]

RECEIVED = [
    Row(
        "texts after",
        get("/v2/received-text-messages?older_than=x"),
        400,
        "ValidationError",
        "older_than is not a valid UUID",
    ),
    Row(
        "texts, more",
        get("/v2/received-text-messages?b=1&a=1"),
        400,
        "ValidationError",
        "Additional properties are not allowed (a, b were unexpected)",
    ),
]

ROWS = [
    *AUTHENTICATION,
    *LIMITS,
    *BODIES,
    *FILES,
    *ASKED_BEFORE,
    *LETTERS,
    *MESSAGES,
    *LOOKING_UP,
    *OF_BULK,
    *TEMPLATES,
    *RECEIVED,
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_errors_are_told_in_the_envelope_of_v2(web: Web, row: Row) -> None:
    reply = row.ask(web)
    sentences = row.told(web) if callable(row.told) else row.told
    told = [sentences] if isinstance(sentences, str) else sentences
    assert (reply.status, reply.json["status_code"]) == (row.status, row.status)
    assert {error["error"] for error in reply.json["errors"]} == {row.error}
    assert all(set(error) == {"error", "message"} for error in reply.json["errors"])
    if row.name in {"sms_sender_id", "email_reply_to_id"}:
        told = [f"{told[0]} service id {web.town.service.id}"]
    assert reply.messages == told
    assert reply.header("content-type") == "application/json"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2/unknown"),
        ("POST", "/v2/notifications/fax"),
        ("GET", f"/v2/template/{UNKNOWN}/version/x"),
        ("GET", f"/v2/template/{UNKNOWN}/version/-1"),
        ("GET", "/v2/notifications/"),
        ("GET", "/notifications"),
    ],
)
def test_unknown_addresses_are_told_in_the_first_envelope(web: Web, method: str, path: str) -> None:
    reply = web.request(method, path, headers=web.signed())
    assert (reply.status, reply.json) == (
        404,
        {
            "message": "The requested URL was not found on the server. "
            "If you entered the URL manually please check your spelling and try again.",
            "result": "error",
        },
    )


def test_other_methods_are_told_in_the_first_envelope(web: Web) -> None:
    reply = web.request("DELETE", "/v2/notifications", headers=web.signed())
    assert (reply.status, reply.json, reply.header("allow")) == (
        405,
        {"message": "The method is not allowed for the requested URL.", "result": "error"},
        "GET, HEAD, OPTIONS",
    )


def test_what_nobody_foresaw_is_told_by_its_name_alone(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.get("/v2/notifications")
    web.break_database(monkeypatch, KeyError("07700900123"))
    assert web.get("/v2/notifications").problem == (500, "KeyError", "Internal server error")


def test_a_database_that_does_not_answer_is_told_as_such(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.get("/v2/notifications")
    web.break_database(monkeypatch)
    for path in ("/v2/notifications", "/v2/received-text-messages", "/v2/templates"):
        reply = web.get(path)
        assert reply.problem == (503, "DatabaseUnavailable", "Service unavailable, please try again")
        assert reply.header("retry-after") == "5"
