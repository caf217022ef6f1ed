"""HTTP as the other adapters speak it: pooled connections, a time limit on everything, no retries.

client.py    HttpClient, the one place that knows urllib3
urls.py      credentials spliced into a URL

Callers name their own time limit each time: how long is too long depends on whom they ask.
"""

from notify_adapters.http.client import HttpClient, HttpFailure, HttpResponse, TimedOut, Unreachable
from notify_adapters.http.urls import with_credentials

__all__ = ["HttpClient", "HttpFailure", "HttpResponse", "TimedOut", "Unreachable", "with_credentials"]
