"""Amazon SQS: putting messages on queues, and looking after the queues."""

from __future__ import annotations

from notify_adapters.sqs.addresses import QueueAddresses
from notify_adapters.sqs.publisher import SqsPublisher
from notify_adapters.sqs.queues import QueueAdmin
from notify_core.outbox.condition import QueueDepth

__all__ = [
    "QueueAddresses",
    "QueueAdmin",
    "QueueDepth",
    "SqsPublisher",
]
