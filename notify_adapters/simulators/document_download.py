"""A simulator of the file service.

`POST /services/{service}/documents` takes a document in JSON, checks it as the original does (base64, size,
viruses, type, name, retention), and answers with two addresses. Both, `GET /d/…` and
`GET /services/{service}/documents/{document}`, give the file back to whoever has the right `key`; nobody is
asked for an email address.

The "recipient" that behaviours and the journal go by is the service's id. What it can be told to do is
described in `behaviours.py`. The journal (`/_simulator/messages`) shows each upload without its content.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import re
import secrets
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NoReturn

import orjson
from attrs import define, field, frozen

from notify_adapters.simulators.asgi import DROPPED, Request, Response, json_response
from notify_adapters.simulators.behaviours import DOCUMENT_BEHAVIOURS, Behaviour, Behaviours
from notify_adapters.simulators.control import Simulator
from notify_adapters.simulators.file_types import UnsupportedType, media_type
from notify_adapters.simulators.journal import Journal
from notify_adapters.simulators.receipts import ReceiptSender
from notify_adapters.simulators.sms import NONSENSE

LARGEST_DOCUMENT = 2 * 1024 * 1024 + 1024
LARGEST_REQUEST = 3 * 1024 * 1024
LONGEST_NAME = 100
# What all virus scanners find, though it does nothing. In two halves, or they would find it here.
TEST_VIRUS = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"

_SERVICE_PATH = re.compile(r"/services/([0-9a-fA-F-]{36})/documents(?:/([0-9a-fA-F-]{36}))?")
_LINK_PATH = re.compile(r"/d/([\w-]{22})/([\w-]{22})")
_WEEKS = re.compile(r"0*([1-9]|[1-6][0-9]|7[0-8]) weeks?")


class Refused(Exception):
    """The request will not do; `answer` is what the file service says to that."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


@frozen
class Upload:
    """A document that passed all checks."""

    content: bytes = field(repr=False)
    media_type: str
    filename: str | None
    confirmation_email: str | None
    retention_period: str | None
    is_csv: bool

    def described(self) -> dict[str, object]:
        """Return all but the content, as the journal shows it."""
        return {
            "size": len(self.content),
            "mimetype": self.media_type,
            "filename": self.filename,
            "confirmation_email": self.confirmation_email,
            "retention_period": self.retention_period,
            "is_csv": self.is_csv,
        }


@frozen
class Kept:
    """A document that can be fetched with its key."""

    service_id: uuid.UUID
    key: str
    upload: Upload


@define
class FileService:
    """The file service's side of the simulator. An empty `api_key` lets everybody upload.

    The last `capacity` documents are kept. `public_url` is what links begin with.
    """

    simulator: Simulator
    api_key: str
    public_url: str
    capacity: int
    _kept: OrderedDict[uuid.UUID, Kept] = field(factory=OrderedDict)

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        try:
            if link := _LINK_PATH.fullmatch(request.path):
                return self._fetch(request, _short_to_id(link[1]), _short_to_id(link[2]))
            if path := _SERVICE_PATH.fullmatch(request.path):
                service_id = _id(path[1])
                if path[2] is not None:
                    return self._fetch(request, service_id, _id(path[2]))
                return await self._take(request, service_id)
        except Refused as refused:
            return refused.answer
        return NOT_FOUND

    async def _take(self, request: Request, service_id: uuid.UUID) -> Response:
        if request.method != "POST":
            return NOT_FOUND
        self._check_key(request)
        plan = self.simulator.behaviours.take(str(service_id))
        if refusal := REFUSALS.get(plan.behaviour):
            self.simulator.note_refusal(plan)
            return refusal
        upload = read_upload(request.body)
        if plan.behaviour is Behaviour.SLOW:
            await asyncio.sleep(plan.seconds)
        answer = json_response({"status": "ok", "document": self._keep(service_id, upload)}, 201)
        return DROPPED if plan.behaviour is Behaviour.LOST_ANSWER else answer

    def _check_key(self, request: Request) -> None:
        given = request.header(b"authorization").encode()
        if self.api_key and not hmac.compare_digest(given, f"Bearer {self.api_key}".encode()):
            _refuse(401, "Unauthorized, invalid authentication token")

    def _keep(self, service_id: uuid.UUID, upload: Upload) -> dict[str, str]:
        """Keep the document, and return how it is told of."""
        document_id, key = uuid.uuid4(), secrets.token_urlsafe(32)
        self._kept[document_id] = Kept(service_id, key, upload)
        if len(self._kept) > self.capacity:
            self._kept.popitem(last=False)
        self.simulator.journal.record(str(document_id), str(service_id), orjson.dumps(upload.described()))
        root = self.public_url
        return {
            "id": str(document_id),
            "direct_file_url": f"{root}/services/{service_id}/documents/{document_id}?key={key}",
            "url": f"{root}/d/{_id_to_short(service_id)}/{_id_to_short(document_id)}?key={key}",
            "mimetype": upload.media_type,
        }

    def _fetch(self, request: Request, service_id: uuid.UUID, document_id: uuid.UUID) -> Response:
        kept = self._kept.get(document_id)
        key = request.query().get("key", "").encode()
        if request.method != "GET" or kept is None or kept.service_id != service_id:
            return NOT_FOUND
        if not hmac.compare_digest(kept.key.encode(), key):
            return NOT_FOUND
        return Response(200, kept.upload.content, ((b"content-type", kept.upload.media_type.encode()),))


def read_upload(body: bytes) -> Upload:
    """Read and check a document. Raises Refused with the answer to the first thing that is wrong."""
    if len(body) > LARGEST_REQUEST:
        _refuse(413, "Uploaded file exceeds file size limit")
    fields = _fields(body)
    content = _content(fields)
    filename, period = _text(fields, "filename"), _text(fields, "retention_period")
    if filename is not None and len(filename) > LONGEST_NAME:
        _refuse(400, f"`filename` cannot be longer than {LONGEST_NAME} characters")
    if period is not None and not _WEEKS.fullmatch(period.strip().lower()):
        _refuse(400, "Retention period must be a string of the format '<1-78> weeks'.")
    if TEST_VIRUS in content:
        _refuse(400, "File did not pass the virus scan")
    is_csv = fields.get("is_csv") is True
    try:
        found = media_type(content, filename, is_csv=is_csv)
    except UnsupportedType as error:
        _refuse(400, str(error))
    return Upload(content, found, filename, _text(fields, "confirmation_email"), period, is_csv)


def _fields(body: bytes) -> dict[str, Any]:
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        _refuse(400, "The request is not JSON")
    if not isinstance(fields, dict) or not isinstance(fields.get("document"), str):
        _refuse(400, "No document upload")
    return fields


def _content(fields: Mapping[str, Any]) -> bytes:
    try:
        content = base64.b64decode(fields["document"])
    except (binascii.Error, ValueError):
        _refuse(400, "Document is not base64 encoded")
    if len(content) > LARGEST_DOCUMENT:
        _refuse(413, "Uploaded file exceeds file size limit")
    return content


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        _refuse(400, f"{name} must be a string")
    return value


def _refuse(status: int, error: str) -> NoReturn:
    raise Refused(json_response({"error": error}, status))


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Refused(NOT_FOUND) from None


def _id_to_short(value: uuid.UUID) -> str:
    return base64.urlsafe_b64encode(value.bytes).rstrip(b"=").decode()


def _short_to_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(bytes=base64.urlsafe_b64decode(f"{text}=="))
    except (binascii.Error, ValueError):
        raise Refused(NOT_FOUND) from None


NOT_FOUND = json_response({"error": "Not found"}, 404)
REFUSALS: Mapping[Behaviour, Response] = {
    Behaviour.FAIL: json_response({"error": "Internal server error"}, 500),
    Behaviour.REFUSE: DROPPED,
    Behaviour.NONSENSE: NONSENSE,
}


def document_simulator(capacity: int) -> Simulator:
    """Return the shared state of a simulator of the file service. It sends no receipts."""
    return Simulator(
        name="documents",
        behaviours=Behaviours(DOCUMENT_BEHAVIOURS, str.lower, lambda _: None),
        journal=Journal(capacity, orjson.loads),
        receipts=ReceiptSender(),
    )
