"""Every part of a development system, as a command line and an environment."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property

from attrs import frozen

from notify_adapters.embedded import ChildCommand, EmbeddedAws, EmbeddedPostgres, EmbeddedRedis, free_ports
from notify_adapters.embedded.aws.contents import Contents
from notify_adapters.embedded.ports import LOOPBACK, accepts_connections
from notify_adapters.embedded.redis import find_redis_server
from notify_adapters.settings import Settings, read_settings
from notify_cli.commands.serve import BEAT_ARGUMENTS, web_arguments, worker_arguments
from notify_cli.dev.layout import DataDirectory, Secrets
from notify_core.outbox.model import Queue

QUEUE_PREFIX = "dev-"
ADMIN_CLIENT = "notify-admin"
EMAIL_DOMAIN = "notify.example"
CSV_BUCKET = "dev-csv-upload"
CONTACT_LIST_BUCKET = "dev-contact-list"
DEEP_HISTORY_BUCKET = "dev-deep-history"
TOPIC_ARN = "arn:aws:sns:eu-west-1:123456789012:ses-notifications"


@frozen(kw_only=True)
class Addresses:
    """Which port of loopback each part listens on."""

    web: int
    postgres: int
    aws: int
    queues: int
    redis: int
    mmg: int
    firetext: int
    ses: int
    documents: int

    @classmethod
    def choose(cls, web: int) -> Addresses:
        """Choose free ports for everything but the web."""
        names = ("postgres", "aws", "queues", "redis", "mmg", "firetext", "ses", "documents")
        return cls(web=web, **dict(zip(names, free_ports(len(names)), strict=True)))

    def url(self, part: str) -> str:
        """Return where a part answers HTTP."""
        return f"http://{LOOPBACK}:{getattr(self, part)}"

    def answers(self, part: str) -> bool:
        """Say whether a part takes connections. Those that listen to nobody count as soon as they run."""
        port = getattr(self, part, None)
        return port is None or accepts_connections(port)


@frozen(kw_only=True)
class Parts:
    """The parts of one system. `fast_queues` puts the in-memory queue simulator in the place of moto's SQS."""

    directory: DataDirectory
    secrets: Secrets
    at: Addresses
    fast_queues: bool = False
    extra_environment: Mapping[str, str] = {}

    @property
    def postgres(self) -> EmbeddedPostgres:
        """The database server."""
        return EmbeddedPostgres(self.directory.postgres, self.at.postgres)

    @property
    def aws(self) -> EmbeddedAws:
        """SQS, S3 and SES."""
        return EmbeddedAws(
            self.at.aws,
            self.directory.logs / "aws.log",
            Contents(
                queues=() if self.fast_queues else tuple(f"{QUEUE_PREFIX}{queue}" for queue in Queue),
                buckets=(CSV_BUCKET, CONTACT_LIST_BUCKET, DEEP_HISTORY_BUCKET),
                identities=(EMAIL_DOMAIN,),
            ),
        )

    @property
    def redis(self) -> EmbeddedRedis | None:
        """Redis, where this machine has one."""
        return EmbeddedRedis(self.directory.redis, self.at.redis) if find_redis_server() else None

    @property
    def queues_url(self) -> str:
        """Where SQS answers."""
        return self.at.url("queues" if self.fast_queues else "aws")

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """The environment of our own processes: the settings, as production would set them."""
        keys = {"dev": self.secrets.encryption_key}
        settings = {
            "NOTIFY_ENVIRONMENT": "development",
            "SQLALCHEMY_DATABASE_URI": self.postgres.url,
            "NOTIFY_ENCRYPTION_KEYS": json.dumps(keys),
            "INTERNAL_CLIENT_API_KEYS": json.dumps({ADMIN_CLIENT: [self.secrets.admin_secret]}),
            "API_HOST_NAME": self.at.url("web"),
            "PORT": str(self.at.web),
            "WEB_WORKERS": "1",
            "CONCURRENCY": "2",
            # The simulators send their receipts within a second.
            "IN_DOUBT_WAIT_SECONDS": "10",
            "NOTIFICATION_QUEUE_PREFIX": QUEUE_PREFIX,
            "NOTIFY_EMAIL_DOMAIN": EMAIL_DOMAIN,
            "CALLBACKS_TO_LOOPBACK": "1",
            "WORKER_READY_FILE": str(self.directory.worker_ready),
            "S3_BUCKET_CSV_UPLOAD": CSV_BUCKET,
            "S3_BUCKET_CONTACT_LIST": CONTACT_LIST_BUCKET,
            "S3_BUCKET_NOTIFICATION_DEEP_HISTORY": DEEP_HISTORY_BUCKET,
            "AWS_ENDPOINT_URL_SQS": self.queues_url,
            "AWS_ENDPOINT_URL_S3": self.at.url("aws"),
            "AWS_ENDPOINT_URL_SESV2": self.at.url("ses"),
            "AWS_ACCESS_KEY_ID": "development",
            "AWS_SECRET_ACCESS_KEY": "development",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "SES_TOPIC_ARNS": TOPIC_ARN,
            "SNS_CERTIFICATE_URL_PREFIXES": f"{self.at.url('ses')}/_simulator/",
            "MMG_URL": f"{self.at.url('mmg')}/jsonv2a/api.php",
            "MMG_API_KEY": self.secrets.mmg_api_key,
            "FIRETEXT_URL": f"{self.at.url('firetext')}/api/sendsms/json",
            "FIRETEXT_API_KEY": self.secrets.firetext_api_key,
            "FIRETEXT_INTERNATIONAL_API_KEY": self.secrets.firetext_api_key,
            "DOCUMENT_DOWNLOAD_API_HOST": self.at.url("documents"),
            "DOCUMENT_DOWNLOAD_API_KEY": self.secrets.documents_api_key,
        }
        redis = self.redis
        if redis is not None:
            settings["REDIS_URL"] = redis.url
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return inherited | settings | dict(self.extra_environment)

    @cached_property
    def settings(self) -> Settings:
        """What our own processes read in that environment. Raises ConfigurationError."""
        return read_settings(self.environment)

    @contextmanager
    def aws_credentials(self) -> Iterator[None]:
        """Let this process, too, talk to the stand-ins for AWS: their libraries look in the environment."""
        ours = {name: value for name, value in self.environment.items() if name.startswith("AWS_")}
        before = {name: os.environ.get(name) for name in ours}
        os.environ.update(ours)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

    def simulators(self) -> dict[str, ChildCommand]:
        """Return the simulators of the outside providers, and of the queues if asked for."""
        web = self.at.url("web")
        options: dict[str, list[str]] = {
            "mmg": [f"--receipts-url={web}/notifications/sms/mmg", f"--api-key={self.secrets.mmg_api_key}"],
            "firetext": [
                f"--receipts-url={web}/notifications/sms/firetext",
                f"--api-key={self.secrets.firetext_api_key}",
            ],
            "ses": [
                f"--receipts-url={web}/notifications/email/ses",
                f"--upstream={self.at.url('aws')}",
                f"--topic-arn={TOPIC_ARN}",
            ],
            "documents": [f"--api-key={self.secrets.documents_api_key}"],
        }
        names = dict(zip(options, options, strict=True))
        if self.fast_queues:
            options["queues"], names["queues"] = [], "sqs"
        return {
            key: self._python(
                f"the {key} simulator",
                *("-m", "notify_adapters.simulators"),
                *(names[key], f"--port={getattr(self.at, key)}", *more),
            )
            for key, more in options.items()
        }

    def web(self) -> ChildCommand:
        """The HTTP API."""
        return self._python("notify web", *web_arguments(LOOPBACK, self.at.web, self.settings.web_workers))

    def worker(self) -> ChildCommand:
        """A worker for all queues."""
        return self._python("notify worker", *worker_arguments("worker", self.settings.concurrency))

    def relay(self) -> ChildCommand:
        """The outbox relay."""
        return self._python("notify relay", "-m", "notify_cli", "relay")

    def beat(self) -> ChildCommand:
        """The scheduler."""
        return self._python("notify beat", *BEAT_ARGUMENTS)

    def _python(self, name: str, *arguments: str) -> ChildCommand:
        return ChildCommand(
            name=name,
            argv=(sys.executable, *arguments),
            environment=self.environment,
            # Asked, not killed: some of them have children of their own to end.
            death_signal=signal.SIGTERM,
        )
