"""What happens to people's data in a service's life: each thing with canaries in the place of people."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import boto3
import jwt
import psycopg
import urllib3
from attrs import define, field

from notify_adapters.assembly import Platform, Role, assemble
from notify_adapters.simulators.client import SimulatorClient
from notify_cli.dev.parts import ADMIN_CLIENT, CSV_BUCKET, QUEUE_PREFIX
from notify_cli.dev.system import DevSystem
from notify_core.callbacks.manage import NewEndpoint
from notify_core.callbacks.model import CallbackKind
from notify_core.contact_lists.model import InvalidContactList
from notify_core.contact_lists.store import FileOfContacts
from notify_core.jobs.model import Job, file_name
from notify_core.jobs.submit import FileRefused, Spreadsheet, Submission
from notify_core.outbox.model import Queue
from notify_core.users.model import NOTIFY_USER_ID
from notify_core.vocabulary import Channel
from tests.integration.http_server import reply, serving
from tests.integration.personal_data.canaries import Canaries

#: What providers need to bring texts; and nothing goes unsaid in logs.
SETTINGS = {
    "NOTIFY_LOG_LEVEL": "DEBUG",
    "MMG_INBOUND_SMS_USERNAME": '["mmg"]',
    "MMG_INBOUND_SMS_AUTH": '["brings texts"]',
    "FIRETEXT_INBOUND_SMS_AUTH": '["brings texts"]',
}
_SENT = ("sending", "delivered", "permanent-failure", "temporary-failure", "technical-failure")
_TOMORROW = timedelta(days=1)
# An endpoint that fails is left alone for a while.
_DUE = b"""
SELECT (SELECT count(*) FROM outbox WHERE available_at <= now())
    + (SELECT count(*) FROM callbacks JOIN callback_endpoints ON callback_endpoints.id = endpoint_id
        WHERE state = 'waiting' AND attempts = 0 AND consecutive_failures = 0)
"""


@define
class Life:
    """A service on a running system, and everything that it and the people it writes to do."""

    system: DevSystem
    canaries: Canaries
    platform: Platform
    _http: urllib3.PoolManager = field(factory=lambda: urllib3.PoolManager(retries=False, timeout=20))

    def goes_by(self) -> None:
        """Do all of it, and return when the system has nothing left to do at once."""

        def answer(request: BaseHTTPRequestHandler, body: bytes) -> None:
            failing = request.path.startswith("/failing")
            word = self.canaries.word("answer of an endpoint")
            reply(request, 500 if failing else 200, word.encode() + body, {"X-Answer": word})

        with serving(answer) as url:
            for path in ("healthy", "failing"):
                self._add_endpoint(f"{url}/{path}")
            self.single_messages()
            self.receipts_and_wishes()
            self.what_is_refused()
            self.bulks()
            self.files()
            self.contact_lists()
            self.received_texts()
            self.nonsense_on_queues()
            self.errors_of_the_database()
            self._settle()

    # Single messages

    def single_messages(self) -> None:
        """Texts and emails, scheduled and not, that fare well and badly."""
        say, tomorrow = self.canaries, (datetime.now(UTC) + _TOMORROW).isoformat()
        self._sms(headers={"Idempotency-Key": say.word("idempotency key")})
        self._sms(key="test")
        self._sms(scheduled_for=tomorrow)
        cancelled = self._sms(scheduled_for=tomorrow)
        assert self._api("POST", f"/v2/notifications/{cancelled}/cancel").status == 200
        for behaviour in ("permanent", "fail", "nonsense", "refuse", "unknown-status", "lost-answer"):
            number = say.number(f"recipient of a text that goes {behaviour}")
            for provider in ("mmg", "firetext"):
                self._simulator(provider).behave(number, behaviour)
            self._sms(phone_number=number)
        for behaviour in ("permanent", "rejected", "complaint", "throttled", "fail", "forged-receipt"):
            address = say.address(f"recipient of an email that goes {behaviour}")
            self._simulator("ses").behave(address, behaviour)
            self._email("Short email", email_address=address)
        file = {"file": base64.b64encode(say.word("content of a file").encode()).decode()}
        link = f"https://{say.word('one-click link')}.example/out"
        self._email(
            "Email",
            personalisation={"name": say.word("personalisation"), "file": file},
            one_click_unsubscribe_url=link,
        )
        for channel, recipient in (("sms", {"phone_number": say.number("recipient of a rehearsal")}),):
            body = self._body("Text", **recipient)
            assert self._api("POST", f"/v2/notifications/{channel}/dry-run", body).status == 200

    def receipts_and_wishes(self) -> None:
        """Links that are followed, and what providers say beside the point."""
        say = self.canaries
        sent = self._email("Email", personalisation={"name": say.word("personalisation"), "file": "none"})
        self._until_sent([sent])
        shown = self._json(self._api("GET", f"/v2/notifications/{sent}"))
        link = shown["one_click_unsubscribe_url"].removeprefix(self._root)
        for _ in range(2):
            assert self._plain("POST", link).status == 200
        assert self._plain("POST", f"/unsubscribe/{sent}/{say.word('token of a link')}").status == 404
        unknown = {"CID": say.address("reference of an unknown receipt"), "status": "3", "substatus": "5"}
        assert self._plain("POST", "/notifications/sms/mmg", json.dumps(unknown)).status == 200
        for path in ("/notifications/sms/mmg", "/notifications/sms/firetext", "/notifications/email/ses"):
            assert self._plain("POST", path, "{" + say.address("receipt that cannot be read")).status >= 400

    # What is refused

    def what_is_refused(self) -> None:
        """Requests that nothing comes of, with people in any part of them."""
        say = self.canaries
        bodies: list[Mapping[str, Any] | str] = [
            self._body("Text", phone_number=f"07700 {say.word('bad number')}"),
            self._body("Text", phone_number=say.number("recipient without personalisation"), personalisation={}),
            self._body("Text", phone_number=say.number("recipient of an unknown template"), template_id=str(uuid4())),
            self._body("Text", **{say.address("unknown field"): say.address("value of an unknown field")}),
            self._body("Text", personalisation=say.address("personalisation of the wrong type")),
            self._body("Text", template_id=say.address("template id that is none")),
            self._body("Text", reference=say.address("reference of the wrong type").split("@")),
            '{"phone_number": "' + say.address("JSON that ends too early"),
        ]
        for body in bodies:
            assert self._api("POST", "/v2/notifications/sms", body).status == 400
        bad = self._body("Short email", email_address=f"{say.word('bad address')} at example")
        assert self._api("POST", "/v2/notifications/email", bad).status == 400
        team = self._body("Text", phone_number=say.number("recipient who is not in the team"))
        assert self._api("POST", "/v2/notifications/sms", team, key="team").status == 400
        for path in (
            f"/v2/notifications/{say.address('path')}",
            f"/{say.address('path of no page')}",
            f"/v2/notifications?reference={say.address('query')}&status={say.address('status of a query')}",
            f"/v2/notifications?older_than={say.address('query')}",
        ):
            self._api("GET", path)
        strange = {
            "User-Agent": say.address("user agent"),
            "X-Request-Id": say.address("request id"),
            "X-B3-TraceId": say.address("trace id"),
            "Idempotency-Key": say.word("long key") * 30,
            "Cookie": f"a={say.address('cookie')}",
        }
        body = self._body("Text", phone_number=say.number("recipient of a request with strange headers"))
        assert self._api("POST", "/v2/notifications/sms", body, headers=strange).status == 400
        for token in (say.address("token"), jwt.encode({"iss": say.address("claim")}, "x" * 36)):
            headers = {"Authorization": f"Bearer {token}"}
            assert self._plain("POST", "/v2/notifications/sms", "{}", headers).status in {401, 403}

    # Many at once

    def bulks(self) -> None:
        """Many messages in one request: some good, some refused; scheduled and cancelled ones; CSV."""
        say = self.canaries

        def row(**more: Any) -> dict[str, Any]:
            return {
                "phone_number": say.number("recipient of a bulk"),
                "personalisation": {"name": say.word("personalisation of a bulk")},
                "reference": say.address("reference of a row"),
            } | more

        rows = [
            row(),
            row(phone_number=f"0770 {say.word('bad number in a bulk')}"),
            row(personalisation={}),
            row(**{say.word("unknown field of a row"): "x"}),
        ]
        wanted = {
            "template_id": self._template("Text"),
            "rows": rows,
            "reference": say.address("reference of a bulk"),
        }
        made = self._json(self._api("POST", "/v2/notifications/bulk", wanted), 201)
        assert (made["accepted"], made["refused"]) == (1, 3)
        later = wanted | {"rows": [row()], "scheduled_for": (datetime.now(UTC) + _TOMORROW).isoformat()}
        scheduled = self._json(self._api("POST", "/v2/notifications/bulk", later), 201)
        assert self._api("POST", f"/v2/notifications/bulk/{scheduled['id']}/cancel").status == 200
        table = f"phone number,name\n{say.number('recipient of a CSV bulk')},{say.word('cell of a CSV bulk')}\n"
        query = f"?template_id={self._template('Text')}&reference={say.word('reference of a CSV bulk')}"
        csv = {"Content-Type": "text/csv"}
        assert self._api("POST", f"/v2/notifications/bulk{query}", table, headers=csv).status == 201
        broken = '{"rows": [{"phone_number": "' + say.address("bulk that ends too early")
        assert self._api("POST", "/v2/notifications/bulk", broken).status == 400

    def files(self) -> None:
        """Files that will do and files that will not, some of them without a header, some of them scheduled."""
        say = self.canaries

        def line() -> str:
            return f"{say.number('row of a file')},{say.word('cell of a file')},{say.word('cell beside the point')}\n"

        good = f"phone number,name,{say.word('column of a file')}\n{line()}{line()}"
        self._wait_for_job(self._submit(good))
        self._submit(good, scheduled_for=datetime.now(UTC) + _TOMORROW)
        cancelled = self._submit(good, scheduled_for=datetime.now(UTC) + _TOMORROW)
        self.platform.notify.cancel_job(cancelled.service_id, cancelled.id)
        for bad in (
            f"phone number,name\n{say.word('bad row of a file')},{say.word('cell of a bad row')}\n",
            f"{say.number('first row of a file without header')},{say.word('name in a file without header')}\n",
            f"phone number,{say.word('header of a bad file')}\n{line()}",
        ):
            self._wait_for_job(self._upload(bad))
            try:
                self._submit(bad)
            except FileRefused:
                continue
            raise AssertionError("a bad file was taken")

    def contact_lists(self) -> None:
        """A list that is stored, sent to and removed, and one that will not do."""
        say, notify = self.canaries, self.platform.notify

        def of(content: str) -> FileOfContacts:
            name = f"{say.word('name of a list')}.csv"
            return FileOfContacts(
                service_id=self._service_id,
                original_file_name=name,
                channel=Channel.SMS,
                content=content.encode(),
            )

        kept = notify.store_contact_list(of(f"phone number\n{say.number('contact')}\n")).contact_list
        removed = notify.store_contact_list(of(f"phone number\n{say.number('removed contact')}\n")).contact_list
        for one in (kept, removed):
            sheet = notify.open_contact_list(one.service_id, one.id)
            submission = Submission(
                service_id=one.service_id, template_id=UUID(self._template("Bare text")), spreadsheet=sheet
            )
            self._wait_for_job(notify.submit_file(submission))
        notify.remove_contact_list(removed.service_id, removed.id)
        try:
            notify.store_contact_list(of(f"phone number\n{say.word('bad contact')}\n"))
        except InvalidContactList:
            return
        raise AssertionError("a bad list was taken")

    def remove_contact_lists(self) -> None:
        """Remove the lists that are kept: they have no other end."""
        for shown in self.platform.notify.list_contact_lists(self._service_id):
            self.platform.notify.remove_contact_list(self._service_id, shown.contact_list.id)

    # What comes in

    def received_texts(self) -> None:
        """Texts to our number, to one that nobody has, and ones that cannot be read."""
        say = self.canaries
        mmg = {"Authorization": f"Basic {base64.b64encode(b'mmg:brings texts').decode()}"}
        firetext = {
            "Authorization": f"Basic {base64.b64encode(b'notify:brings texts').decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        for number in ("447700900203", "447700900999"):
            text = {
                "Number": number,
                "MSISDN": say.number("sender of a text"),
                "Message": say.word("received text"),
                "ID": say.word("reference of a received text"),
            }
            answer = self._plain("POST", "/notifications/sms/receive/mmg", json.dumps(text), mmg)
            assert answer.status == 200
            body = f"source={say.number('sender of a text')}&destination={number}&message={say.word('received text')}"
            assert self._plain("POST", "/notifications/sms/receive/firetext", body, firetext).status == 200
        bad = json.dumps({"Message": say.word("text from nobody")})
        assert self._plain("POST", "/notifications/sms/receive/mmg", bad, mmg).status == 400
        assert self._plain("POST", "/notifications/sms/receive/mmg", bad).status == 401

    # What should not happen

    def nonsense_on_queues(self) -> None:
        """Messages that no program of ours would write, and a report of an email that is not ours."""
        say = self.canaries
        report = {
            "notificationType": "Delivery",
            "mail": {
                "messageId": say.word("reference of an unknown email"),
                "source": say.address("sender of an unknown email"),
                "destination": [say.address("recipient of an unknown email")],
            },
            "delivery": {"timestamp": "2026-11-21T12:00:00Z", "recipients": [say.address("recipient in a report")]},
        }
        client: Any = boto3.client(
            "sqs",
            endpoint_url=self.system.parts.queues_url,
            region_name="eu-west-1",
            aws_access_key_id="development",
            aws_secret_access_key="development",
        )
        messages = [
            (Queue.SEND_SMS, _celery_message("deliver_sms", [[say.address("argument of a task")]])),
            (Queue.SEND_SMS, _celery_message("deliver_sms", [say.address("argument of the wrong type")])),
            (Queue.SES_CALLBACKS, _celery_message("process-ses-result", [{"Message": say.address("event")}])),
            (Queue.SES_CALLBACKS, _celery_message("process-ses-result", [{"Message": json.dumps(report)}])),
            (
                Queue.SMS_CALLBACKS,
                _celery_message("process-sms-client-response", ["3", say.address("reference in a task"), "MMG"]),
            ),
        ]
        for queue, body in messages:
            url = client.get_queue_url(QueueName=f"{QUEUE_PREFIX}{queue.value}")["QueueUrl"]
            client.send_message(QueueUrl=url, MessageBody=body)
        self._until(lambda: self._count(b"SELECT count(*) FROM waiting_receipts") > 0)

    def errors_of_the_database(self) -> None:
        """The database refuses rows, and quotes them while it is at it: to the web, and to a worker."""
        say = self.canaries
        refused = say.address("recipient whom the database refuses")
        word = say.word("name that the database tells a worker")
        with psycopg.connect(self.system.parts.postgres.url, autocommit=True) as connection:
            connection.execute(
                "ALTER TABLE notification_contents ADD CONSTRAINT refusing"
                f" CHECK (recipient <> '{refused}') NOT VALID".encode()
            )
            body = self._body("Short email", email_address=refused)
            assert self._api("POST", "/v2/notifications/email", body).status == 500
            connection.execute(b"ALTER TABLE notification_contents DROP CONSTRAINT refusing")
            connection.execute(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                f" RAISE 'refused' USING DETAIL = '{word}'; END $$;"
                " CREATE TRIGGER refusing BEFORE UPDATE ON notifications FOR EACH ROW"
                " WHEN (OLD.billable_units = 0 AND OLD.channel = 'email') EXECUTE FUNCTION refuse()".encode()
            )
            self._email("Short email")
            self._until(lambda: "refused" in (self.system.directory.logs / "postgres.log").read_text())
            connection.execute(b"DROP TRIGGER refusing ON notifications; DROP FUNCTION refuse()")

    # How it is done

    @property
    def _service(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.system.world["world"]["services"]["Canaries"]
        return found

    @property
    def _service_id(self) -> UUID:
        return UUID(self._service["id"])

    @property
    def _root(self) -> str:
        return self.system.parts.at.url("web")

    def _template(self, name: str) -> str:
        return str(self._service["templates"][name]["id"])

    def _simulator(self, name: str) -> SimulatorClient:
        return SimulatorClient(self.system.parts.at.url(name))

    def _add_endpoint(self, url: str) -> None:
        self.platform.notify.add_endpoint(
            NewEndpoint(
                service_id=self._service_id,
                url=url,
                bearer_token="a-long-token",
                kinds=frozenset(CallbackKind),
            )
        )

    def _body(self, template: str, **more: Any) -> dict[str, Any]:
        say = self.canaries
        to = (
            {"phone_number": say.number("recipient of a text")}
            if template == "Text"
            else {"email_address": say.address("recipient of an email")}
        )
        values = {"name": say.word("personalisation")}
        return {
            "template_id": self._template(template),
            "personalisation": values,
            "reference": say.address("reference"),
        } | (more if to.keys() & more.keys() else to | more)

    def _sms(self, key: str = "live", headers: Mapping[str, str] | None = None, **more: Any) -> str:
        body = self._body("Text", **more)
        return str(self._json(self._api("POST", "/v2/notifications/sms", body, key=key, headers=headers), 201)["id"])

    def _email(self, template: str, **more: Any) -> str:
        body = self._body(template, **more)
        return str(self._json(self._api("POST", "/v2/notifications/email", body), 201)["id"])

    def _api(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | str = "",
        key: str = "live",
        headers: Mapping[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        api_key = self._service["api_keys"][key]["api_key"]
        token = jwt.encode({"iss": str(self._service_id), "iat": int(time.time())}, api_key[-36:], "HS256")
        content = body if isinstance(body, str) else json.dumps(body)
        return self._plain(method, path, content, {"Authorization": f"Bearer {token}", **(headers or {})})

    def _plain(
        self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        return self._http.request(
            method,
            self._root + path,
            body=body.encode(),
            headers={"Content-Type": "application/json", **(headers or {})},
        )

    @staticmethod
    def _json(answer: urllib3.BaseHTTPResponse, status: int = 200) -> Any:
        assert answer.status == status, answer.data
        return answer.json()

    def _submit(self, content: str, scheduled_for: datetime | None = None) -> Job:
        """Send a file as the command line does."""
        data = content.encode()
        sheet = Spreadsheet(
            original_file_name=f"{self.canaries.word('name of a file')}.csv",
            size=len(data),
            read_from=lambda start: [data[start:]],
        )
        return self.platform.notify.submit_file(
            Submission(
                service_id=self._service_id,
                template_id=UUID(self._template("Text")),
                spreadsheet=sheet,
                scheduled_for=scheduled_for,
                created_by_id=NOTIFY_USER_ID,
            )
        )

    def _upload(self, content: str) -> Job:
        """Send a file as the website does, which puts it into the bucket itself."""
        job_id = uuid4()
        client: Any = boto3.client(
            "s3",
            endpoint_url=self.system.parts.at.url("aws"),
            region_name="eu-west-1",
            aws_access_key_id="development",
            aws_secret_access_key="development",
        )
        client.put_object(
            Bucket=CSV_BUCKET,
            Key=file_name(self._service_id, job_id),
            Body=content.encode(),
            Metadata={
                "template_id": self._template("Text"),
                "notification_count": "1",
                "original_file_name": f"{self.canaries.word('name of an uploaded file')}.csv",
                "valid": "True",
            },
        )
        secret = self.system.parts.secrets.admin_secret
        token = jwt.encode({"iss": ADMIN_CLIENT, "iat": int(time.time())}, secret, "HS256")
        body = json.dumps({"id": str(job_id), "created_by": str(NOTIFY_USER_ID)})
        headers = {"Authorization": f"Bearer {token}"}
        made = self._plain("POST", f"/service/{self._service_id}/job", body, headers)
        assert made.status == 201, made.data
        return self.platform.notify.find_job(self._service_id, job_id)

    def _wait_for_job(self, job: Job) -> None:
        ended = ("finished all notifications created", "error")
        self._until(lambda: self.platform.notify.find_job(job.service_id, job.id).status.value in ended)

    def _until_sent(self, ids: list[str]) -> None:
        self._until(
            lambda: all(self._json(self._api("GET", f"/v2/notifications/{one}"))["status"] in _SENT for one in ids)
        )

    def _settle(self) -> None:
        """Wait until nothing is due any more but what is tried again much later."""
        self._until(lambda: self._count(_DUE) == 0)

    def _count(self, statement: bytes) -> int:
        with psycopg.connect(self.system.parts.postgres.url) as connection:
            row = connection.execute(statement).fetchone()
        return int(row[0]) if row else 0

    @staticmethod
    def _until(what: Any, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.1)


def _celery_message(task: str, arguments: list[Any]) -> str:
    """Return a task as Celery writes it for SQS."""
    body = base64.b64encode(json.dumps([arguments, {}, {}]).encode()).decode()
    message = {
        "body": body,
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {
            "lang": "py",
            "task": task,
            "id": str(uuid4()),
            "root_id": None,
            "parent_id": None,
            "group": None,
        },
        "properties": {
            "correlation_id": str(uuid4()),
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": ""},
            "body_encoding": "base64",
            "delivery_tag": str(uuid4()),
        },
    }
    return base64.b64encode(json.dumps(message).encode()).decode()


def a_platform(system: DevSystem) -> Platform:
    """Return the platform as an operator's command has it."""
    return assemble(system.parts.settings, Role.COMMAND)


WORLD = Path(__file__).with_name("world.yaml")
