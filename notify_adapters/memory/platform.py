"""The whole platform in one process, without anything outside it."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from attrs import frozen

from notify_adapters.memory.archive import MemoryArchiveBucket, PlainFactFiles, memory_scratch
from notify_adapters.memory.callbacks import MemoryCaller
from notify_adapters.memory.database import MemoryDatabase
from notify_adapters.memory.documents import MemoryDocuments
from notify_adapters.memory.error_rates import MemoryErrorRates
from notify_adapters.memory.files import MemoryFiles
from notify_adapters.memory.limiter import MemoryLimiter
from notify_adapters.memory.providers import MemoryEmailProvider, MemorySmsProvider
from notify_adapters.memory.publisher import MemoryPublisher
from notify_adapters.memory.unsubscribe import MemoryUnsubscribeTokens
from notify_adapters.system import SystemClock, SystemIds
from notify_core.application import Notify, Options, Ports, build
from notify_core.archive.ports import ArchiveStorage
from notify_core.clock import Clock
from notify_core.identifiers import NewId
from notify_core.letters.files import LetterBucket
from notify_core.notifications.record_receipt import SmsReceipt
from notify_core.vocabulary import ProviderName

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_EXAMPLE_OPTIONS = Options(
    email_domain="notify.example",
    sms_sender="NOTIFY",
    api_root="https://api.notify.example",
    rate_limit_enabled=False,
)


def one_after_the_other(work: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
    """Implement `InFlight` in the plainest way."""
    return [work(item) for item in items]


@frozen(kw_only=True)
class MemoryPlatform:
    """`notify` with everything it talks to: phones and inboxes that messages end in, files they link to, queues.

    `caller` has the callbacks that services got, `archive_bucket` the files of facts that are older than a year.
    """

    notify: Notify
    database: MemoryDatabase
    publisher: MemoryPublisher
    phones: MemorySmsProvider
    inboxes: MemoryEmailProvider
    documents: MemoryDocuments
    caller: MemoryCaller
    files: MemoryFiles
    contact_list_files: MemoryFiles
    letter_files: Mapping[LetterBucket, MemoryFiles]
    archive_bucket: MemoryArchiveBucket

    def run(self) -> None:
        """Do all background work that is due: what the relay and the workers do in production."""
        while self.notify.relay_outbox().published:
            pass
        while (message := self.publisher.receive()) is not None:
            self.notify.perform(message.task, message.subject_ids)
            while self.notify.relay_outbox().published:
                pass

    def confirm_texts(self) -> None:
        """Send the delivery receipt of every text handed over so far, as its provider would."""
        for text in self.phones.sent:
            self.notify.record_sms_receipt(
                SmsReceipt(provider=ProviderName.MMG, reference=str(text.reference), status="3", code="5")
            )


def in_memory(
    *, clock: Clock | None = None, new_id: NewId | None = None, options: Options = _EXAMPLE_OPTIONS
) -> MemoryPlatform:
    """Build a platform that keeps everything in memory and delivers to lists.

    `clock` and `new_id` default to the system's; pass `FixedClock()` and `SequentialIds(clock)` for results
    that are the same every time.
    """
    clock = clock or SystemClock()
    database = MemoryDatabase(clock)
    publisher = MemoryPublisher(clock)
    files = MemoryFiles()
    phones, inboxes, documents = MemorySmsProvider(), MemoryEmailProvider(), MemoryDocuments()
    caller = MemoryCaller()
    contact_list_files = MemoryFiles()
    letter_files = {bucket: MemoryFiles() for bucket in LetterBucket}
    archive_bucket = MemoryArchiveBucket()
    ports = Ports(
        database=database,
        publisher=publisher,
        limiter=MemoryLimiter(),
        sms_providers={ProviderName.MMG: phones, ProviderName.FIRETEXT: phones},
        email_providers={ProviderName.SES: inboxes},
        documents=documents,
        files=files,
        contact_list_files=contact_list_files,
        in_flight=one_after_the_other,
        clock=clock,
        new_id=new_id or SystemIds(clock),
        new_secret=lambda: str(uuid.uuid4()),
        chance=random.random,
        unsubscribe_tokens=MemoryUnsubscribeTokens(),
        archive_storage=ArchiveStorage(bucket=archive_bucket, formats=PlainFactFiles(), scratch=memory_scratch),
        error_rates=MemoryErrorRates(),
        caller=caller,
        letter_files=letter_files,
    )
    return MemoryPlatform(
        notify=build(ports, options),
        database=database,
        publisher=publisher,
        phones=phones,
        inboxes=inboxes,
        documents=documents,
        caller=caller,
        files=files,
        contact_list_files=contact_list_files,
        letter_files=letter_files,
        archive_bucket=archive_bucket,
    )
