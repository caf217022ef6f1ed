"""Refusals in the form of AWS's JSON protocol."""

from __future__ import annotations

from notify_adapters.simulators.asgi import Response, json_response

QUERY_PREFIX = "AWS.SimpleQueueService."


class SqsRefusal(Exception):
    """A call that AWS would refuse.

    `code` is the error's name in the JSON protocol, `query_code` its older name, by which boto3 reports it.
    """

    def __init__(self, code: str, message: str, query_code: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.query_code = query_code or code

    def entry(self, entry_id: str) -> dict[str, object]:
        """Return the refusal of one entry of a batch."""
        return {"Id": entry_id, "SenderFault": True, "Code": self.query_code, "Message": self.message}

    def response(self) -> Response:
        """Return the refusal of a whole call."""
        body = json_response({"__type": f"com.amazonaws.sqs#{self.code}", "message": self.message}).body
        headers = (
            (b"content-type", b"application/x-amz-json-1.0"),
            (b"x-amzn-query-error", f"{self.query_code};Sender".encode()),
        )
        return Response(400, body, headers)


def no_such_queue() -> SqsRefusal:
    """Return the refusal of a queue that is not there."""
    message = "The specified queue does not exist."
    return SqsRefusal("QueueDoesNotExist", message, f"{QUERY_PREFIX}NonExistentQueue")


def invalid_value(message: str) -> SqsRefusal:
    """Return the refusal of a parameter's value."""
    return SqsRefusal("InvalidParameterValueException", message, "InvalidParameterValue")


def missing(name: str) -> SqsRefusal:
    """Return the refusal of a call without a parameter it needs."""
    return SqsRefusal("MissingRequiredParameterException", f"Parameter {name} is missing.", "MissingParameter")


def invalid_handle() -> SqsRefusal:
    """Return the refusal of a receipt handle that is none."""
    return SqsRefusal("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")


def batch_refusal(name: str, message: str) -> SqsRefusal:
    """Return the refusal of a whole batch."""
    return SqsRefusal(name, message, f"{QUERY_PREFIX}{name}")


UNAVAILABLE = Response(
    503,
    json_response({"__type": "com.amazonaws.sqs#ServiceUnavailable", "message": "Ordered outage."}).body,
    ((b"content-type", b"application/x-amz-json-1.0"),),
)
