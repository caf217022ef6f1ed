"""What the stand-in for AWS holds from the start: queues, buckets, and identities that emails may come from.

Made inside moto, so that whoever starts it need not load boto3 to ask for them, and so that they are there
again when it is started anew.
"""

from __future__ import annotations

import json
from typing import Any

from attrs import frozen

ACCOUNT_ID = "123456789012"
VISIBILITY_TIMEOUT_SECONDS = 60
MAX_RECEIVES = 20


@frozen(kw_only=True)
class Contents:
    """Queues (each gets a dead-letter queue), buckets, and domains that are verified."""

    queues: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()

    def options(self) -> tuple[str, ...]:
        """Return these as options of the command line."""
        return (
            *(f"--queue={name}" for name in self.queues),
            *(f"--bucket={name}" for name in self.buckets),
            *(f"--identity={name}" for name in self.identities),
        )

    def make(self, region: str) -> None:
        """Make all of it. Call it in moto's own process, before it is asked for anything."""
        for name in self.queues:
            _make_queue(_backend("sqs", region), name, region)
        for name in self.buckets:
            _backend("s3", "aws").create_bucket(name, region)
        for name in self.identities:
            _backend("ses", region).verify_domain(name)


def _make_queue(backend: Any, name: str, region: str) -> None:
    put_aside = f"{name}-dead-letter"
    backend.create_queue(put_aside)
    redrive = {
        "deadLetterTargetArn": f"arn:aws:sqs:{region}:{ACCOUNT_ID}:{put_aside}",
        "maxReceiveCount": MAX_RECEIVES,
    }
    backend.create_queue(name, VisibilityTimeout=str(VISIBILITY_TIMEOUT_SECONDS), RedrivePolicy=json.dumps(redrive))


def _backend(service: str, region: str) -> Any:
    from moto.backends import get_backend

    find: Any = get_backend
    return find(service)[ACCOUNT_ID][region]
