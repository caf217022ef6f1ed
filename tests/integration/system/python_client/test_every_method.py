"""No method of the official Python client is left untried when a new version of it brings more."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from notifications_python_client.notifications import NotificationsAPIClient


def test_every_public_method_of_the_client_is_called_here() -> None:
    methods = [name for name, _ in inspect.getmembers(NotificationsAPIClient, inspect.isfunction) if name[0] != "_"]
    tests = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py")]
    assert "send_sms_notification" in methods
    assert [name for name in methods if not any(re.search(rf"client\S*\.{name}\b", test) for test in tests)] == []
