"""Redis, which counts for all processes together."""

from notify_adapters.redis.connection import RedisUnavailable, ping
from notify_adapters.redis.error_rates import RedisErrorRates
from notify_adapters.redis.limiter import RedisLimiter

__all__ = ["RedisErrorRates", "RedisLimiter", "RedisUnavailable", "ping"]
