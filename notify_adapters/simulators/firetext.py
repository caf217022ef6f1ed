"""A simulator of Firetext, as far as the platform uses it.

A request is a POST of a form to any path; receipts are forms posted to the request's `receipt`, else to
`--receipts-url`. A message that cannot be delivered is first reported as pending, then as failed, with a
code. What it can be told to do, and which endings of numbers do so by themselves, is described in
`behaviours.py`; the control API in `control.py`.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from attrs import define

from notify_adapters.simulators.asgi import Request, Response, json_response, text_response
from notify_adapters.simulators.behaviours import Behaviour
from notify_adapters.simulators.london import london_now
from notify_adapters.simulators.sms import Refused, Submission, valid_receipts_url

ACCEPTED = json_response({"data": [], "description": "SMS successfully queued", "code": 0, "responseData": 1})
FAILED = text_response("Internal Server Error", 500)

DELIVERED, FAILURE, PENDING, UNKNOWN = "0", "1", "2", "000"

#: Status and code of each receipt, in order: unknown subscriber for good, absent subscriber for now.
OUTCOMES: Mapping[Behaviour, tuple[tuple[str, str], ...]] = {
    Behaviour.DELIVERED: ((DELIVERED, "000"),),
    Behaviour.TEMPORARY: ((PENDING, ""), (FAILURE, "102")),
    Behaviour.PERMANENT: ((PENDING, ""), (FAILURE, "101")),
    Behaviour.UNKNOWN_STATUS: ((UNKNOWN, ""),),
}


def firetext_error(code: int, description: str) -> Response:
    """Return an error as Firetext words it: HTTP 200 with a code that is not 0."""
    return json_response({"data": [], "description": description, "code": code, "responseData": 0})


@define
class Firetext:
    """Firetext's wire format. Without any `api_keys` everybody is let in."""

    api_keys: tuple[str, ...] = ()
    name: str = "firetext"
    receipt_content_type: str = "application/x-www-form-urlencoded"

    def read(self, request: Request) -> Submission:
        """Read and check a request."""
        fields = self.describe(request.body)
        if self.api_keys and not self._knows(fields.get("apiKey", "")):
            raise Refused(firetext_error(1, "Authentication error"))
        if problem := _problem(fields):
            raise Refused(problem)
        return Submission(fields["reference"], fields["to"], fields.get("receipt", ""))

    def describe(self, body: bytes) -> Mapping[str, str]:
        """Return the fields of a request's body."""
        try:
            return dict(parse_qsl(body.decode(), keep_blank_values=True))
        except UnicodeDecodeError:
            return {}

    def accepted(self) -> Response:
        """Return Firetext's one answer."""
        return ACCEPTED

    def failed(self) -> Response:
        """Return the answer of a Firetext that has trouble."""
        return FAILED

    def receipts(self, submission: Submission, outcome: Behaviour) -> list[bytes]:
        """Return the receipts, in order."""
        return [self._receipt(submission, status, code) for status, code in OUTCOMES[outcome]]

    def _receipt(self, submission: Submission, status: str, code: str) -> bytes:
        fields = {
            "mobile": submission.to,
            "status": status,
            "reference": submission.reference,
            "time": london_now(),
        }
        return urlencode(fields | ({"code": code} if code else {})).encode()

    def _knows(self, key: str) -> bool:
        return any(hmac.compare_digest(key.encode(), known.encode()) for known in self.api_keys)


def _problem(fields: Mapping[str, str]) -> Response | None:
    """Return Firetext's answer to a request that is wrong."""
    number = fields.get("to", "")
    if not (number.isdigit() and 7 <= len(number) <= 15):
        return firetext_error(2, "Destination number(s) error")
    if not fields.get("from"):
        return firetext_error(3, "From error")
    if not fields.get("message"):
        return firetext_error(5, "Message error")
    if not fields.get("reference"):
        return firetext_error(9, "Reference error")
    if "receipt" in fields and not valid_receipts_url(fields["receipt"]):
        return firetext_error(8, "Invalid delivery receipt URL")
    return None
