"""Message attributes: which of them were asked for, and their checksum.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

Attributes = Mapping[str, Mapping[str, Any]]


def checksum(attributes: Attributes) -> str:
    """Return the MD5 of attributes as AWS computes it, over names, types and values in the order of names."""
    digest = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        value = attributes[name]
        kind = value["DataType"]
        binary = kind.startswith("Binary")
        content = base64.b64decode(value["BinaryValue"]) if binary else value["StringValue"].encode()
        for part in (name.encode(), kind.encode()):
            digest.update(len(part).to_bytes(4, "big") + part)
        digest.update((b"\x02" if binary else b"\x01") + len(content).to_bytes(4, "big") + content)
    return digest.hexdigest()


def chosen(attributes: Attributes, asked: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return the attributes that were asked for: by name, `prefix.*`, `All` or `.*`."""
    return {name: value for name, value in attributes.items() if _is_asked(name, asked)}


def size_of(attributes: Attributes) -> int:
    """Return how many bytes attributes count towards a message's size."""
    return sum(
        len(name) + len(value["DataType"]) + len(value.get("StringValue", "")) + len(value.get("BinaryValue", ""))
        for name, value in attributes.items()
    )


def _is_asked(name: str, asked: Sequence[str]) -> bool:
    return any(one in {"All", ".*", name} or (one.endswith(".*") and name.startswith(one[:-2])) for one in asked)
