"""SQS, S3 and SES on loopback: moto's server as a child process.

`python -m notify_adapters.embedded.aws --port P` runs it. Everything is in memory and gone when it stops.
moto is written for correctness: about a hundred SQS messages a second. Measurements use the SQS simulator
instead.
"""

from __future__ import annotations

import http.client
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from attrs import define, field

from notify_adapters.embedded.aws.contents import Contents
from notify_adapters.embedded.child import ChildCommand
from notify_adapters.embedded.part import EmbeddedPart
from notify_adapters.embedded.ports import LOOPBACK, require_free_port

NAME = "the AWS stand-in (moto)"
REGION = "eu-west-1"
READY_PATH = "/moto-api/data.json"


@define
class EmbeddedAws(EmbeddedPart):
    """One moto server. Any credentials will do; `environment` has what boto3 needs to find it."""

    name: ClassVar[str] = NAME
    port: int
    log_path: Path = field(converter=Path)
    contents: Contents = field(factory=Contents)

    @property
    def url(self) -> str:
        """The endpoint URL, of all services alike."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def environment(self) -> Mapping[str, str]:
        """Environment variables with which boto3 talks to this server, and to nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "embedded",
            "AWS_SECRET_ACCESS_KEY": "embedded",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def command(self) -> ChildCommand:
        """Return how to run the server in the foreground."""
        return ChildCommand(
            name=NAME,
            argv=(
                *(sys.executable, "-m", "notify_adapters.embedded.aws", "--port", str(self.port)),
                *self.contents.options(),
            ),
        )

    def start(self, timeout: float = 30.0) -> None:
        """Start the server as a child and wait until it answers."""
        require_free_port(self.port, NAME)
        self._start_child(self.command(), self.log_path, timeout)

    def is_ready(self) -> bool:
        """Say whether the server answers requests now."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=5)
        try:
            connection.request("HEAD", READY_PATH)
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def verify_email_identity(self, identity: str) -> None:
        """Let SES send from this domain or address. Safe to repeat."""
        client = self._client("ses")
        if "@" in identity:
            client.verify_email_identity(EmailAddress=identity)
        else:
            client.verify_domain_identity(Domain=identity)

    def _client(self, service: str) -> Any:
        import boto3

        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="embedded",
            aws_secret_access_key="embedded",  # noqa: S106 - moto takes anything
        )
