"""Redis, which counts for all processes together."""

from notify_adapters.redis.connection import RedisUnavailable, ping
from notify_adapters.redis.limiter import RedisLimiter

__all__ = ["RedisLimiter", "RedisUnavailable", "ping"]
