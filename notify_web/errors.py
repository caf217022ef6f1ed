"""The one place where what went wrong becomes an HTTP answer.

There are two envelopes. Everything that happens inside a /v2 handler is answered in the second version's, with
an error's class name for programs. The routes outside /v2, and requests that reach no handler, get the first's. The
internal API has its own refusals beside these.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from traceback import extract_tb
from typing import cast

import structlog
from attrs import Factory, frozen
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
)
from litestar.types import ExceptionHandlersMap

from notify_core.documents.files import InvalidFile
from notify_core.documents.ports import DocumentsUnavailable
from notify_core.errors import InvalidContent, InvalidRecipient, NotAllowed, NotFound
from notify_core.files.ports import FilesUnavailable
from notify_core.idempotency.model import KeyReused, StillInFlight
from notify_core.letters.find_pdf import PdfNotReady
from notify_core.limits.admit import DailyLimitExceeded, Exhausted, RateLimitExceeded
from notify_core.notifications.cancel import TooLateToCancel
from notify_core.notifications.refusals import NumberNotPermitted, SenderNotFound, TemplateNotFound
from notify_core.providers.ses_events import EventUnverified, InvalidEvent, UntrustedEvent
from notify_core.unit_of_work import DatabaseUnavailable
from notify_web.answers import Answer, json_answer
from notify_web.authentication import Forbidden, Unauthenticated
from notify_web.internal.refusals import BreaksSchema, Refused
from notify_web.ports import HttpRequest
from notify_web.public.documents import BadRequest
from notify_web.public.schema import InvalidRequest
from notify_web.public.shapes import Errors, Refusal
from notify_web.room import NoRoom
from notify_web.webhooks.refusals import InvalidReceipt, UnknownSender, UntrustedSender

NOT_FOUND: Refusal = {
    "message": "The requested URL was not found on the server. "
    "If you entered the URL manually please check your spelling and try again.",
    "result": "error",
}
NOT_ALLOWED: Refusal = {"message": "The method is not allowed for the requested URL.", "result": "error"}
_RETRY_SECONDS = 5

_log = structlog.get_logger()


@frozen
class Kind:
    """How a class of errors is told: the name that programs know, a status, and a text where it has none itself."""

    name: str
    status: int
    message: str | None = None


# The most specific class of an error decides.
_KINDS: Mapping[type[Exception], Kind] = {
    Unauthenticated: Kind("AuthError", 401),
    Forbidden: Kind("AuthError", 403),
    RateLimitExceeded: Kind("RateLimitError", 429),
    DailyLimitExceeded: Kind("TooManyRequestsError", 429),
    BadRequest: Kind("BadRequestError", 400),
    InvalidRequest: Kind("ValidationError", 400),
    InvalidRecipient: Kind("ValidationError", 400),
    InvalidFile: Kind("ValidationError", 400),
    NumberNotPermitted: Kind("InvalidPhoneError", 400),
    NotAllowed: Kind("BadRequestError", 400),
    InvalidContent: Kind("BadRequestError", 400),
    TemplateNotFound: Kind("BadRequestError", 400),
    SenderNotFound: Kind("BadRequestError", 400),
    PdfNotReady: Kind("PDFNotReadyError", 400),
    NotFound: Kind("NoResultFound", 404, "No result found"),
    KeyReused: Kind("IdempotencyKeyReusedError", 422),
    StillInFlight: Kind("IdempotencyInFlightError", 409),
    TooLateToCancel: Kind("TooLateToCancelError", 409),
    InvalidReceipt: Kind("InvalidReceipt", 400),
    InvalidEvent: Kind("InvalidEvent", 400),
    UntrustedEvent: Kind("UntrustedEvent", 403),
    # SNS tries again after a 5xx, and only then.
    EventUnverified: Kind("EventUnverified", 503, "Service unavailable, please try again"),
    UnknownSender: Kind("UnknownSender", 401),
    UntrustedSender: Kind("UntrustedSender", 403),
    # The original knows only 500. Since nothing was accepted, saying that it can be tried again is safe, and
    # makes load balancers, providers and clients do the right thing.
    DatabaseUnavailable: Kind("DatabaseUnavailable", 503, "Service unavailable, please try again"),
    NoRoom: Kind("TooBusyError", 503, "Too many large requests at once, please try again"),
    FilesUnavailable: Kind("FilesUnavailable", 503, "Files cannot be reached at the moment, please try again"),
    DocumentsUnavailable: Kind(
        "DocumentsUnavailable", 503, "Files cannot be uploaded at the moment, please try again"
    ),
}


@frozen
class Problem:
    """What is to be answered: a status, the error's name, its sentences, and headers that go with it."""

    status: int
    name: str
    messages: Sequence[str]
    headers: Mapping[str, str] = Factory(dict)


def problem_of(error: Exception) -> Problem:
    """Find out how an error is told. What nobody foresaw is told as an internal error, without its text."""
    if isinstance(error, ClientException):
        return Problem(error.status_code, type(error).__name__, [error.detail])
    kind = next((_KINDS[parent] for parent in type(error).__mro__ if parent in _KINDS), None)
    if kind is None:
        return Problem(500, type(error).__name__, ["Internal server error"])
    return Problem(kind.status, kind.name, _messages(error, kind), _headers(error))


def _messages(error: Exception, kind: Kind) -> Sequence[str]:
    if isinstance(error, InvalidRequest | InvalidReceipt | InvalidFile):
        return error.violations
    return [kind.message if kind.message is not None else str(error)]


def _headers(error: Exception) -> Mapping[str, str]:
    if isinstance(error, Exhausted):
        return {"Retry-After": str(max(1, math.ceil(error.retry_after)))}
    if isinstance(error, DatabaseUnavailable | DocumentsUnavailable | FilesUnavailable | NoRoom):
        return {"Retry-After": str(_RETRY_SECONDS)}
    if isinstance(error, StillInFlight):
        return {"Retry-After": "1"}
    if isinstance(error, UnknownSender):
        return {"WWW-Authenticate": 'Basic realm="notify"'}
    return {}


def answer_error(request: HttpRequest, error: Exception) -> Answer:
    """Answer a request that a handler could not serve."""
    problem = problem_of(error)
    if problem.status >= 500:
        _log_failure(error, problem)
    return _in_envelope(request, problem, told_as_list=isinstance(error, InvalidReceipt | InvalidEvent))


def _in_envelope(request: HttpRequest, problem: Problem, *, told_as_list: bool = False) -> Answer:
    if request.scope["path"].startswith("/v2/"):
        return json_answer(told(problem), problem.status, problem.headers)
    message = list(problem.messages) if told_as_list else problem.messages[0]
    return json_answer({"message": message, "result": "error"}, problem.status, problem.headers)


def told(problem: Problem) -> Errors:
    """Put a problem into the envelope of the second version."""
    return {
        "errors": [{"error": problem.name, "message": message} for message in problem.messages],
        "status_code": problem.status,
    }


def _log_failure(error: Exception, problem: Problem) -> None:
    """Log where it happened. The error's text may quote what was sent, so it stays out."""
    frames = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in extract_tb(error.__traceback__)]
    _log.error("request failed", error=type(error).__name__, status=problem.status, frames=frames[-12:])


def answer_not_found(_request: HttpRequest, _error: Exception) -> Answer:
    """Answer a request for an address that there is not."""
    return json_answer(NOT_FOUND, 404)


def answer_not_allowed(_request: HttpRequest, error: Exception) -> Answer:
    """Answer a request with a method that its address does not know."""
    routed = cast("MethodNotAllowedException", error).headers or {}
    allow = allowed(routed.get("allow", "").split(", "))
    return json_answer(NOT_ALLOWED, 405, {"Allow": allow})


def answer_framework_error(request: HttpRequest, error: Exception) -> Answer:
    """Answer a request that the framework refused: too large, or not well-formed HTTP."""
    refused = cast("HTTPException", error)
    if not isinstance(refused, ClientException):
        return answer_error(request, RuntimeError(refused.detail))
    return _in_envelope(request, problem_of(refused))


def answer_refused(_request: HttpRequest, error: Exception) -> Answer:
    """Answer a request that the internal API refused, as it said."""
    refused = cast("Refused", error)
    return json_answer({"message": refused.message, "result": "error"}, refused.status)


def answer_broken_schema(_request: HttpRequest, error: Exception) -> Answer:
    """Answer a request of the internal API whose body breaks its schema."""
    return json_answer(told(Problem(400, "ValidationError", cast("BreaksSchema", error).violations)), 400)


def allowed(methods: Sequence[str]) -> str:
    """Return the value of an `Allow` header. Whatever can be got can also be asked for without its body."""
    return ", ".join(sorted({*methods, *(["HEAD"] if "GET" in methods else [])}))


HANDLERS: ExceptionHandlersMap = {
    NotFoundException: answer_not_found,
    MethodNotAllowedException: answer_not_allowed,
    HTTPException: answer_framework_error,
    Refused: answer_refused,
    BreaksSchema: answer_broken_schema,
    Exception: answer_error,
}
