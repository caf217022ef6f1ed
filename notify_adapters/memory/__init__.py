"""Every port in plain Python: for library users, for unit tests, and as the measure of the real adapters.

Each adapter here passes the same contract tests as the real one beside it.
"""

from notify_adapters.memory.database import MemoryDatabase
from notify_adapters.memory.documents import MemoryDocuments
from notify_adapters.memory.error_rates import MemoryErrorRates
from notify_adapters.memory.files import MemoryFiles
from notify_adapters.memory.limiter import MemoryLimiter
from notify_adapters.memory.platform import MemoryPlatform, in_memory
from notify_adapters.memory.providers import MemoryEmailProvider, MemorySmsProvider
from notify_adapters.memory.publisher import MemoryPublisher
from notify_adapters.memory.time import FixedClock, SequentialIds
from notify_adapters.memory.unsubscribe import MemoryUnsubscribeTokens

__all__ = [
    "FixedClock",
    "MemoryDatabase",
    "MemoryDocuments",
    "MemoryEmailProvider",
    "MemoryErrorRates",
    "MemoryFiles",
    "MemoryLimiter",
    "MemoryPlatform",
    "MemoryPublisher",
    "MemorySmsProvider",
    "MemoryUnsubscribeTokens",
    "SequentialIds",
    "in_memory",
]
