"""How Redis is reached: quickly or not at all, since the system works without."""

from __future__ import annotations

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

TIMEOUT_SECONDS = 0.5


class RedisUnavailable(Exception):
    """Redis does not answer, or not as it should."""


def connect(url: str) -> Redis:
    """Return a client that waits TIMEOUT_SECONDS for an answer and never asks twice. Connects when first used."""
    return Redis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        # A script whose answer was lost may have counted: it must not run twice.
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )


def ping(url: str) -> None:
    """Return when Redis answers now; raise RedisUnavailable, without its address, when not."""
    try:
        with connect(url) as client:
            client.ping()
    except (RedisError, OSError) as error:
        raise RedisUnavailable(f"Redis does not answer: {type(error).__name__}") from None
