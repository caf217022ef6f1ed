"""Redis, which counts for all processes together."""

from notify_adapters.redis.limiter import RedisLimiter, RedisUnavailable

__all__ = ["RedisLimiter", "RedisUnavailable"]
