"""A simulator of MMG, as far as the platform uses it.

A request is a POST of JSON to any path; receipts are JSON posted to the request's `delurl`, else to
`--receipts-url`. What it can be told to do, and which endings of numbers do so by themselves, is described in
`behaviours.py`; the control API in `control.py`.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from itertools import count

import orjson
from attrs import define, field

from notify_adapters.simulators.asgi import Request, Response, json_response
from notify_adapters.simulators.behaviours import Behaviour
from notify_adapters.simulators.london import london_now
from notify_adapters.simulators.sms import Refused, Submission, valid_receipts_url

FIRST_REFERENCE = 10_000_000

#: Status and substatus, as MMG numbers them: delivered to handset, absent subscriber, no such number.
OUTCOMES = {
    Behaviour.DELIVERED: ("3", "5"),
    Behaviour.TEMPORARY: ("4", "27"),
    Behaviour.PERMANENT: ("2", "1"),
    Behaviour.UNKNOWN_STATUS: ("000", "0"),
}


def mmg_error(number: int, description: str, status: int) -> Response:
    """Return an error as MMG words it."""
    return json_response({"Error": number, "Description": description}, status)


@define
class Mmg:
    """MMG's wire format. An empty `api_key` lets everybody in."""

    api_key: str = ""
    name: str = "mmg"
    receipt_content_type: str = "application/json"
    _references: count[int] = field(factory=lambda: count(FIRST_REFERENCE))

    def read(self, request: Request) -> Submission:
        """Read and check a request."""
        if self.api_key and not hmac.compare_digest(
            request.header(b"authorization").encode(), f"Basic {self.api_key}".encode()
        ):
            raise Refused(mmg_error(201, "Invalid username or password", 401))
        try:
            fields = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            raise Refused(mmg_error(205, "The request is not JSON", 400)) from None
        if problem := _problem(fields):
            raise Refused(mmg_error(206, problem, 400))
        return Submission(fields["cid"], fields["MSISDN"], fields.get("delurl", ""))

    def describe(self, body: bytes) -> Mapping[str, object]:
        """Return the fields of a request's body."""
        fields: Mapping[str, object] = orjson.loads(body)
        return fields

    def accepted(self) -> Response:
        """Return MMG's reference for the message, as its answer."""
        return json_response({"Reference": next(self._references)})

    def failed(self) -> Response:
        """Return the answer of an MMG that has trouble."""
        return mmg_error(500, "Internal server error", 500)

    def receipts(self, submission: Submission, outcome: Behaviour) -> list[bytes]:
        """Return the one receipt."""
        status, substatus = OUTCOMES[outcome]
        receipt = {
            "reference": "mmg_reference",
            "CID": submission.reference,
            "MSISDN": submission.to,
            "status": status,
            "substatus": substatus,
            "deliverytime": london_now(),
        }
        # A text of its own, because orjson's buffer keeps 4 kB each, and many may wait.
        return [orjson.dumps(receipt).decode().encode()]


def _problem(fields: object) -> str:
    """Return what is wrong with a request, or an empty text."""
    if not isinstance(fields, dict):
        return "The request is not an object"
    for name in ("reqType", "MSISDN", "msg", "sender", "cid"):
        if not isinstance(fields.get(name), str) or not fields[name]:
            return f"Missing or invalid parameter {name}"
    number = fields["MSISDN"].removeprefix("+")
    if not (number.isdigit() and 7 <= len(number) <= 15):
        return "Invalid MSISDN"
    if "delurl" in fields and not (isinstance(fields["delurl"], str) and valid_receipts_url(fields["delurl"])):
        return "Invalid delurl"
    return ""
