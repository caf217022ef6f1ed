"""What the subjects have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from notifications_python_client.errors import HTTPError

from tests.integration.system.conftest import wait_for

VALUES = {"name": "Jo", "day": "Monday"}
IN_COLOUR = VALUES | {"colour": "blue"}


def followed(client: Any, notification_id: str, status: str = "delivered") -> dict[str, Any]:
    """Return a message as it is read back once it has come to this status."""
    found: dict[str, Any] = {}

    def there() -> bool:
        found.update(client.get_notification_by_id(notification_id))
        return bool(found["status"] == status)

    wait_for(there)
    return found


def refused(call: Callable[..., Any], *arguments: Any, **more: Any) -> tuple[int, list[dict[str, str]]]:
    """Return what users of the client look at after a refusal: the status, and the errors.

    The client calls the errors a text, and they are a list.
    """
    with pytest.raises(HTTPError) as raised:
        call(*arguments, **more)
    errors: Any = raised.value.message
    return raised.value.status_code, errors


def bad_request(message: str, error: str = "BadRequestError") -> tuple[int, list[dict[str, str]]]:
    """Return what `refused` returns for one such error."""
    return 400, [{"error": error, "message": message}]
