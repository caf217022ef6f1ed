"""One message followed from the API to the handset: what `notify demo` shows."""

from __future__ import annotations

import json
import time
from typing import Any

import urllib3
from attrs import define, field

from notify_cli.commands.api_keys import bearer_token

_DELIVERED = "delivered"


class JourneyFailed(Exception):
    """A message did not get where it should."""


@define
class Api:
    """The public API, as client libraries use it."""

    base_url: str
    api_key: str

    def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Make one call and return the answer's document. Raises JourneyFailed for anything but success."""
        answer = urllib3.request(
            method,
            f"{self.base_url}{path}",
            headers={
                "Authorization": f"Bearer {bearer_token(self.api_key)}",
                "Content-type": "application/json",
                "User-agent": "notify-demo",
            },
            body=None if body is None else json.dumps(body),
            timeout=10,
            retries=False,
        )
        if answer.status >= 300:
            raise JourneyFailed(f"{method} {path} answered {answer.status}: {answer.data.decode(errors='replace')}")
        document: dict[str, Any] = answer.json()
        return document


@define(kw_only=True)
class Journey:
    """A message on its way: when each step was first seen, in seconds since it was posted."""

    channel: str
    to: str
    address_field: str
    template_id: str
    personalisation: dict[str, str]
    id: str = ""
    steps: list[tuple[str, float]] = field(factory=list)
    _posted: float = 0.0

    def begin(self, api: Api) -> None:
        """Ask for the message."""
        self._posted = time.perf_counter()
        answer = api.call(
            "POST",
            f"/v2/notifications/{self.channel}",
            {
                self.address_field: self.to,
                "template_id": self.template_id,
                "personalisation": self.personalisation,
            },
        )
        self.id = answer["id"]
        self._see("accepted")

    def look(self, api: Api) -> None:
        """See where it is now."""
        self._see(api.call("GET", f"/v2/notifications/{self.id}")["status"])

    @property
    def delivered(self) -> bool:
        """Whether it has arrived."""
        return bool(self.steps) and self.steps[-1][0] == _DELIVERED

    def timeline(self) -> str:
        """Tell the steps, with seconds since it was posted."""
        return "  →  ".join(f"{step} {seconds:.2f}" for step, seconds in self.steps)

    def _see(self, step: str) -> None:
        if not self.steps or self.steps[-1][0] != step:
            self.steps.append((step, time.perf_counter() - self._posted))


def received(simulators: dict[str, str]) -> dict[str, str]:
    """Return what the providers were given, by channel: what a phone or an inbox would show."""
    shown: dict[str, str] = {}
    for name, url in simulators.items():
        if name == "documents":
            continue  # keeps files, and carries no messages
        answer = urllib3.request("GET", f"{url}/_simulator/messages", timeout=10, retries=False)
        for message in answer.json()["messages"]:
            content = message["content"]
            if name == "ses":
                shown["email"] = f"From: {content['from']}\nSubject: {content['subject']}\n\n{content['text']}"
            else:
                sender = content.get("sender") or content.get("from")
                shown["sms"] = f"From: {sender} (by {name})\n\n{content.get('msg') or content.get('message')}"
    return shown
