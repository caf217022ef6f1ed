"""Where a queue is: the URL by which everybody names it."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class QueueAddresses:
    """Turns our names of queues into URLs. `prefix` sets this environment's queues apart from others'."""

    region: str
    endpoint_url: str | None
    account_id: str
    prefix: str = ""

    def url(self, name: str) -> str:
        """Return the URL of the queue that we call `name`.

        >>> QueueAddresses(region="eu-west-1", endpoint_url=None, account_id="1", prefix="live-").url("job-tasks")
        'https://sqs.eu-west-1.amazonaws.com/1/live-job-tasks'
        """
        host = self.endpoint_url or f"https://sqs.{self.region}.amazonaws.com"
        return f"{host.rstrip('/')}/{self.account_id}/{self.prefix}{name}"
