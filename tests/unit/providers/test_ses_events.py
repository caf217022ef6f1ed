"""Our own id in what SES reports: as a tag, as a header, or not at all."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from notify_core.providers.ses_events import parse_event

OURS = "0190b2c3-0000-7000-8000-000000000001"
HEADER = {"name": "X-Notify-Notification-Id", "value": OURS}


@pytest.mark.parametrize("kind", ["Delivery", "Bounce", "Complaint"])
@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        ({"tags": {"ses:caller-identity": ["notify"], "notification-id": [OURS]}}, OURS),
        ({"headers": [{"name": "To", "value": "jo@example.com"}, HEADER]}, OURS),
        ({"headers": [HEADER | {"name": "x-notify-notification-id"}]}, OURS),
        ({"tags": {"notification-id": ["none"]}, "headers": [HEADER]}, OURS),
        ({}, None),
        ({"tags": {}, "headers": []}, None),
        ({"tags": {"notification-id": OURS}}, None),
        ({"tags": {"notification-id": [7, None, [OURS]]}}, None),
        ({"tags": [OURS], "headers": OURS}, None),
        ({"tags": None, "headers": [None, {"name": "To"}, {"value": OURS}, HEADER | {"value": None}]}, None),
    ],
)
def test_our_id_is_found_where_it_is(kind: str, mail: dict[str, Any], expected: str | None) -> None:
    event = parse_event(json.dumps({"eventType": kind, "mail": {"messageId": "REF"} | mail}))
    assert event.reference == "REF"
    assert event.notification_id == (None if expected is None else UUID(expected))
