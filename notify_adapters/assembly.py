"""Where adapters meet use cases: the one place that knows which implementation stands behind which port.

Adapters are imported where they are needed, so that a web process does not pay for boto3, nor the command
line for either.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from attrs import evolve, field, frozen

from notify_adapters.archive_bucket_when_needed import ArchiveBucketWhenNeeded
from notify_adapters.files_when_needed import FilesWhenNeeded
from notify_adapters.health import Health
from notify_adapters.logging import (
    StructuredArchiveLog,
    StructuredCallbackLog,
    StructuredCheckLog,
    StructuredDeliveryLog,
    StructuredJobFileLog,
    StructuredProviderLog,
    StructuredReceiptLog,
    StructuredRetentionLog,
    configure_logging,
    log,
    tell_of_rows_astray,
)
from notify_adapters.memory.error_rates import MemoryErrorRates
from notify_adapters.memory.limiter import MemoryLimiter
from notify_adapters.settings import Settings
from notify_adapters.system import SystemClock, SystemIds, Threads, chance, new_secret, scratch_file
from notify_core.application import Notify, Options, Ports, build
from notify_core.archive.log import ArchiveLog
from notify_core.archive.model import ArchivePolicy
from notify_core.archive.ports import ArchiveBucket, ArchiveStorage
from notify_core.clock import Clock
from notify_core.documents.model import Document
from notify_core.documents.ports import DocumentStore, DocumentsUnavailable
from notify_core.errors import ConfigurationError
from notify_core.files.ports import FileStore, FilesUnavailable
from notify_core.letters.files import LetterBucket
from notify_core.limits.ports import Limiter
from notify_core.outbox.model import SUBJECTS_PER_MESSAGE, Queue, TaskMessage
from notify_core.outbox.ports import Publisher
from notify_core.providers.log import ProviderLog
from notify_core.providers.ports import EmailProvider, ErrorRates, EventInbox, SmsProvider
from notify_core.retention.ports import RetentionLog
from notify_core.retries import EMAIL_RETRIES, SMS_RETRIES
from notify_core.statistics.check import CheckLog
from notify_core.vocabulary import ProviderName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

    from notify_adapters.postgres import PartitionFacts, PostgresDatabase
    from notify_adapters.postgres.migrate import MigrationResult
    from notify_adapters.sqs import QueueAdmin


# A batch is 30 messages and a provider's call takes up to 10 seconds: two rounds of calls fit into the 25 seconds
# that a task may take. The lease must outlast them, or somebody else would send the same.
_FEWEST_CALLS_IN_FLIGHT = -(-SUBJECTS_PER_MESSAGE // 2)
_SHORTEST_LEASE_SECONDS = 30
# What the broker can hold back, less what it may take until it does.
_LONGEST_DOUBT_SECONDS = 840
_DOUBTS_COUNTED = timedelta(days=7)


class Role(StrEnum):
    """What a process is for; it decides which adapters it needs."""

    WEB = "web"
    WORKER = "worker"
    BEAT = "beat"
    RELAY = "relay"
    COMMAND = "command"


@frozen(kw_only=True)
class Platform:
    """The use cases of one process, and what its shell needs beside them."""

    settings: Settings
    notify: Notify
    event_inbox: Callable[[], EventInbox]
    health: Health
    ensure_partitions: Callable[[], list[str]]
    list_partitions: Callable[[], list[PartitionFacts]]
    wait_for_outbox: Callable[[float], bool]
    closers: tuple[Callable[[], None], ...] = field(repr=False)

    def close(self) -> None:
        """Let go of every connection and thread."""
        for close in self.closers:
            close()


def _as_they_are(ports: Ports) -> Ports:
    return ports


def assemble(
    settings: Settings,
    role: Role,
    around: Callable[[Ports], Ports] = _as_they_are,
    clock: Clock | None = None,
) -> Platform:
    """Build the platform for one process. Connects to nothing yet. Raises ConfigurationError.

    `around` may put something of its own between the use cases and what is outside. `clock` is the system's unless
    another is given.
    """
    from notify_adapters.callbacks import HttpCaller
    from notify_adapters.encryption import AesGcmCipher
    from notify_adapters.postgres import (
        OutboxBell,
        OutboxListener,
        PostgresDatabase,
        ensure_partitions_now,
        list_partitions,
        make_engine,
        rows_astray_now,
    )
    from notify_adapters.unsubscribe_tokens import SealedUnsubscribeTokens

    prepare(settings, role)
    clock = clock or SystemClock()
    engine = make_engine(
        settings.database_url,
        pool_size=_pool_size(settings, role),
        statement_timeout_ms=settings.database_statement_timeout_ms,
        application_name=f"notify-{role}",
    )
    bell, listener = OutboxBell(settings.database_url), OutboxListener(settings.database_url)
    cipher = AesGcmCipher(settings.encryption_keys)
    database = PostgresDatabase(engine, cipher, clock, wake=bell.ring)
    threads = Threads(settings.provider_calls_in_flight)
    caller = HttpCaller(settings.callbacks_to_loopback)
    ports = Ports(
        database=database,
        publisher=_publisher(settings) if role is Role.RELAY else _NoPublisher(),
        limiter=_limiter(settings, role),
        sms_providers=_sms_providers(settings) if role is Role.WORKER else {},
        email_providers=_email_providers(settings) if role is Role.WORKER else {},
        documents=_documents(settings, role),
        files=FilesWhenNeeded(lambda: file_store(settings)),
        contact_list_files=FilesWhenNeeded(
            lambda: _files_in(settings.contact_list_bucket, "S3_BUCKET_CONTACT_LIST", settings)
        ),
        in_flight=threads,
        clock=clock,
        new_id=SystemIds(clock),
        new_secret=new_secret,
        chance=chance,
        unsubscribe_tokens=SealedUnsubscribeTokens(cipher),
        error_rates=_error_rates(settings, role),
        delivery_log=StructuredDeliveryLog(),
        receipt_log=StructuredReceiptLog(),
        # A command shows what it changed on the very output that logs go to.
        provider_log=ProviderLog() if role is Role.COMMAND else StructuredProviderLog(),
        caller=caller,
        callback_log=StructuredCallbackLog(),
        letter_files=_letter_files(settings),
        retention_log=RetentionLog() if role is Role.COMMAND else StructuredRetentionLog(),
        job_file_log=StructuredJobFileLog(),
        check_log=CheckLog() if role is Role.COMMAND else StructuredCheckLog(),
        archive_storage=_archive_storage(settings, role),
        archive_log=ArchiveLog() if role is Role.COMMAND else StructuredArchiveLog(),
    )

    def prepare_partitions() -> list[str]:
        made = ensure_partitions_now(engine, clock())
        if role is not Role.COMMAND:
            tell_of_rows_astray(rows_astray_now(engine))
        return made

    return Platform(
        settings=settings,
        notify=build(around(ports), _options(settings)),
        event_inbox=lambda: _event_inbox(settings),
        health=_health(settings, engine, database, clock),
        ensure_partitions=prepare_partitions,
        list_partitions=lambda: list_partitions(engine),
        wait_for_outbox=listener.wait,
        closers=(threads.close, caller.close, bell.close, listener.close, engine.dispose),
    )


def prepare(settings: Settings, role: Role) -> None:
    """Check the settings, and begin to log. All that a process needs that uses none of the platform.

    Raises ConfigurationError for a process that could start but never do its work.
    """
    _check(settings, role)
    configure_logging(role, settings.log_level)


def migrate_database(settings: Settings) -> MigrationResult:
    """Bring the database up to date, and make the partitions that the coming weeks need."""
    from notify_adapters.postgres.migrate import migrate

    return migrate(settings.database_url)


def file_store(settings: Settings) -> FileStore:
    """Return where spreadsheets are kept. Raises FilesUnavailable when no bucket is set."""
    return _files_in(settings.csv_upload_bucket, "S3_BUCKET_CSV_UPLOAD", settings)


def _files_in(bucket: str | None, variable: str, settings: Settings) -> FileStore:
    """Return a bucket, which is named by an environment variable. Raises FilesUnavailable when that is not set."""
    from notify_adapters.s3 import S3Files

    if bucket is None:
        raise FilesUnavailable(f"{variable} is not set")
    return S3Files(bucket, settings.aws_region, settings.s3_endpoint_url)


def _letter_files(settings: Settings) -> dict[LetterBucket, FileStore]:
    """Return the buckets of letters' PDFs that are set."""
    names = {
        LetterBucket.LETTERS: settings.letters_pdf_bucket,
        LetterBucket.INVALID: settings.invalid_pdf_bucket,
        LetterBucket.TEST: settings.test_letters_bucket,
    }

    def open_bucket(name: str) -> FileStore:
        from notify_adapters.s3 import S3Files

        return S3Files(name, settings.aws_region, settings.s3_endpoint_url)

    return {bucket: FilesWhenNeeded(partial(open_bucket, name)) for bucket, name in names.items() if name is not None}


def _archive_storage(settings: Settings, role: Role) -> ArchiveStorage | None:
    """Only workers archive, and operators. Nothing is archived where no bucket is set."""
    if settings.deep_history_bucket is None or role not in (Role.WORKER, Role.COMMAND):
        return None
    from notify_adapters.orc import OrcFactFiles

    bucket = ArchiveBucketWhenNeeded(partial(_archive_bucket, settings, settings.deep_history_bucket))
    return ArchiveStorage(bucket=bucket, formats=OrcFactFiles(), scratch=scratch_file)


def _archive_bucket(settings: Settings, name: str) -> ArchiveBucket:
    from notify_adapters.s3 import S3ArchiveBucket

    return S3ArchiveBucket(name, settings.aws_region, settings.s3_endpoint_url)


def queue_admin(settings: Settings) -> QueueAdmin:
    """Return what creates, counts and probes the queues."""
    from notify_adapters.sqs import QueueAdmin

    return QueueAdmin(
        region=settings.aws_region,
        endpoint_url=settings.sqs_endpoint_url,
        account_id=settings.aws_account_id,
        prefix=settings.queue_prefix,
    )


def _check(settings: Settings, role: Role) -> None:
    """Refuse a process that could start but never do its work."""
    if role is not Role.WORKER:
        return
    problems = [
        f"{name} is not set"
        for name, value in (
            ("MMG_API_KEY", settings.mmg_api_key),
            ("FIRETEXT_API_KEY", settings.firetext_api_key),
        )
        if value is None
    ]
    if settings.provider_calls_in_flight < _FEWEST_CALLS_IN_FLIGHT:
        problems.append(
            f"PROVIDER_CALLS_IN_FLIGHT: with {settings.provider_calls_in_flight} a batch could take longer than a "
            f"task may; use {_FEWEST_CALLS_IN_FLIGHT} or more"
        )
    if settings.delivery_lease_seconds < _SHORTEST_LEASE_SECONDS:
        problems.append(
            f"DELIVERY_LEASE_SECONDS: {settings.delivery_lease_seconds} is shorter than a batch can take; "
            f"use {_SHORTEST_LEASE_SECONDS} or more"
        )
    if settings.in_doubt_wait_seconds > _LONGEST_DOUBT_SECONDS:
        problems.append(
            f"IN_DOUBT_WAIT_SECONDS: {settings.in_doubt_wait_seconds} is longer than a queue can hold a message "
            f"back; use {_LONGEST_DOUBT_SECONDS} or less"
        )
    if problems:
        raise ConfigurationError(
            f"The settings will not do for a {role}:\n"
            + "\n".join(f"  - {problem}" for problem in problems)
            + "\nSet them in the environment; `notify settings` describes each."
        )


def _pool_size(settings: Settings, role: Role) -> int:
    """Half of a web process's threads, or more, wait for others to store what they accept, and hold no connection."""
    if role is not Role.WEB:
        return settings.database_pool_size
    return max(settings.database_pool_size, -(-settings.web_threads // 2))


def _options(settings: Settings) -> Options:
    delay = timedelta(seconds=settings.delivery_retry_seconds)
    return Options(
        email_domain=settings.email_domain,
        sms_sender=settings.from_number,
        admin_base_url=settings.admin_base_url,
        documents_url=settings.documents_url,
        api_root=settings.api_host_name,
        rate_limit_enabled=settings.rate_limit_enabled,
        sms_retries=evolve(SMS_RETRIES, delay=delay),
        email_retries=evolve(EMAIL_RETRIES, delay=delay, first_delay=delay),
        lease=timedelta(seconds=settings.delivery_lease_seconds),
        doubt_wait=timedelta(seconds=settings.in_doubt_wait_seconds),
        late_texts_alarm=settings.late_texts_alarm,
        low_inbound_numbers=settings.low_inbound_numbers,
        callbacks_to_loopback=settings.callbacks_to_loopback,
        archive=ArchivePolicy(
            min_age=timedelta(days=settings.deep_history_min_age_days),
            hours_per_run=settings.deep_history_hours_in_run,
            prefix=settings.deep_history_prefix,
            removes=settings.deep_history_removes,
        ),
    )


def _limiter(settings: Settings, role: Role) -> Limiter:
    """Count in Redis where there is one. Without, each process counts for itself.

    Requests are counted, and jobs, which workers begin.
    """
    if not settings.uses_redis or role not in (Role.WEB, Role.WORKER):
        return MemoryLimiter()
    from notify_adapters.redis import RedisLimiter

    return RedisLimiter(
        str(settings.redis_url),
        fallback=MemoryLimiter(),
        on_trouble=lambda problem: log().warning("redis does not answer; counting in this process", problem=problem),
    )


def _error_rates(settings: Settings, role: Role) -> ErrorRates:
    """Count in Redis where there is one. Without, each process counts for itself. Only workers see errors."""
    if not settings.uses_redis or role is not Role.WORKER:
        return MemoryErrorRates()
    from notify_adapters.redis import RedisErrorRates

    return RedisErrorRates(
        str(settings.redis_url),
        fallback=MemoryErrorRates(),
        on_trouble=lambda problem: log().warning("redis does not answer; counting in this process", problem=problem),
    )


def _publisher(settings: Settings) -> Publisher:
    from notify_adapters.sqs import SqsPublisher

    return SqsPublisher(
        region=settings.aws_region,
        endpoint_url=settings.sqs_endpoint_url,
        account_id=settings.aws_account_id,
        prefix=settings.queue_prefix,
        message_groups=settings.message_groups,
        on_trouble=lambda problem: log().warning("the queues do not take everything", problem=problem),
    )


class _NoPublisher:
    """Implements `Publisher` for processes that never publish: only relays do."""

    def publish(self, messages: Sequence[TaskMessage]) -> Sequence[TaskMessage]:
        """Refuse everything."""
        return messages


def _documents(settings: Settings, role: Role) -> DocumentStore:
    """Only requests bring files."""

    def warn(problem: str) -> None:
        log().warning("the file service takes no files", problem=problem)

    if role is not Role.WEB or settings.documents_api_key is None:
        return _NoDocuments(warn)
    from notify_adapters.document_download import DocumentDownload
    from notify_adapters.http import HttpClient
    from notify_adapters.tracing import trace_headers

    url = settings.documents_internal_url or settings.documents_url
    return DocumentDownload(HttpClient(), url, settings.documents_api_key, warn, trace_headers)


@frozen
class _NoDocuments:
    """Implements `DocumentStore` for processes that were told no key of the file service."""

    on_trouble: Callable[[str], None]

    def upload(self, service_id: UUID, document: Document) -> str:
        """Refuse everything. Raises DocumentsUnavailable."""
        del service_id, document
        problem = "DOCUMENT_DOWNLOAD_API_KEY is not set, or this is no web process"
        self.on_trouble(problem)
        raise DocumentsUnavailable(problem)


def _event_inbox(settings: Settings) -> EventInbox:
    from notify_adapters.http import HttpClient
    from notify_adapters.sns import SnsInbox

    return SnsInbox(HttpClient(), settings.sns_certificate_urls, settings.ses_topic_arns)


def _sms_providers(settings: Settings) -> dict[ProviderName, SmsProvider]:
    from notify_adapters.firetext import FiretextProvider
    from notify_adapters.http import HttpClient
    from notify_adapters.mmg import MmgProvider

    http = HttpClient()
    return {
        ProviderName.MMG: MmgProvider(
            http,
            url=settings.mmg_url,
            api_key=settings.mmg_api_key or "",
            receipt_url=settings.mmg_receipt_url,
            receipt_credentials=settings.mmg_receipt_credentials,
        ),
        ProviderName.FIRETEXT: FiretextProvider(
            http,
            url=settings.firetext_url,
            api_key=settings.firetext_api_key or "",
            international_api_key=settings.firetext_international_api_key,
            receipt_url=settings.firetext_receipt_url,
            receipt_credentials=settings.firetext_receipt_credentials,
        ),
    }


def _email_providers(settings: Settings) -> dict[ProviderName, EmailProvider]:
    from notify_adapters.ses import SesProvider

    return {ProviderName.SES: SesProvider(region=settings.aws_region, endpoint_url=settings.ses_endpoint_url)}


def _health(settings: Settings, engine: Engine, database: PostgresDatabase, clock: Clock) -> Health:
    from notify_adapters.postgres import current_version, rows_astray_now

    def partitions() -> str:
        astray = rows_astray_now(engine)
        if not astray:
            return "every row has its own"
        counts = ", ".join(f"{count} of {table}" for table, count in astray.items())
        return f"without one: {counts}; see `notify partitions list`"

    def outbox() -> str:
        with database.statement() as work:
            return f"{work.outbox.count()} waiting"

    def doubts() -> str:
        with database.statement() as work:
            found = work.notifications.count_doubts(since=clock() - _DOUBTS_COUNTED)
        return f"{found.now} messages in doubt; {found.ever} of the last {_DOUBTS_COUNTED.days} days ever were"

    def queues() -> str:
        depths = queue_admin(settings).depths([queue.value for queue in Queue])
        return f"{sum(depth.visible for depth in depths.values())} waiting in {len(depths)} queues"

    def redis() -> str:
        from notify_adapters.redis import ping

        ping(str(settings.redis_url))
        return "answers"

    probes = {
        "database": lambda: f"version {current_version(engine)}",
        "outbox": outbox,
        "doubts": doubts,
        "partitions": partitions,
        "queues": queues,
    }
    if settings.uses_redis:
        probes["redis"] = redis
    return Health(probes, lambda: current_version(engine))
