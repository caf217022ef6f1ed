"""Notify: every use case, bound to one set of ports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

from attrs import Factory, frozen

from notify_core.api_keys.manage import CreateApiKey, ListApiKeys, NewSecret, RevokeApiKey
from notify_core.archive.find import ListArchive, PlanArchive, ReadArchivedFile, ShowArchivedMonth
from notify_core.archive.log import ArchiveLog
from notify_core.archive.model import ArchivePolicy
from notify_core.archive.ports import ArchiveStorage
from notify_core.archive.run import ArchiveFacts
from notify_core.archive.steps import ArchiveInSteps
from notify_core.billing.assign import FindAllowance, PopulateAnnualBilling, SetAllowance
from notify_core.billing.build import BuildBilling, CreateNightlyBilling, UpdateBillingForToday
from notify_core.billing.change_rates import AddRate, ListRates
from notify_core.billing.show import ListFacts, ShowUsage
from notify_core.bulk.cancel import CancelBulk
from notify_core.bulk.find import FindBulk, ListBulkRows
from notify_core.bulk.send import SendBulk
from notify_core.callbacks.announce import AnnounceToServices
from notify_core.callbacks.find import ListAttempts, ListCallbacks
from notify_core.callbacks.manage import AddEndpoint, ListEndpoints, RemoveEndpoint, RotateSecret
from notify_core.callbacks.ports import Caller, NoCaller
from notify_core.callbacks.replay import RecoverCallbacks, ReplayCallbacks
from notify_core.callbacks.send import CallbackLog, SendCallbacks, WakeEndpoints
from notify_core.clock import Clock
from notify_core.contact_lists.add import AddContactList
from notify_core.contact_lists.find import FindContactList, ListContactLists, ShowContactLists
from notify_core.contact_lists.remove import RemoveContactList
from notify_core.contact_lists.store import StoreContactList
from notify_core.directory import Directory
from notify_core.documents.ports import DocumentStore
from notify_core.documents.upload import UploadFiles
from notify_core.files.ports import FileStore
from notify_core.idempotency.forget import ForgetAnswers
from notify_core.idempotency.recall import RecallAnswer
from notify_core.identifiers import NewId
from notify_core.inbound.find import ListReceivedTexts
from notify_core.inbound.receive import ReceiveText
from notify_core.jobs.cancel import CancelJob, RetryJob
from notify_core.jobs.cancel_scheduled import CancelScheduledJob
from notify_core.jobs.create import CreateJob
from notify_core.jobs.find import CountJob, FindJob, ListJobs
from notify_core.jobs.list_rows import CountJobRows, ListJobRows
from notify_core.jobs.process import ProcessJob
from notify_core.jobs.remove_files import LETTERS, SMS_AND_EMAIL, JobFileLog, RemoveJobFiles
from notify_core.jobs.report import ReportJob
from notify_core.jobs.show import CountScheduledJobs, DescribeJobs, ShowJob, ShowJobs
from notify_core.jobs.store import StoreChunk
from notify_core.jobs.submit import OpenContactList, SubmitFile
from notify_core.jobs.upkeep import CheckJobs, CompleteJobs, RestoreMissingRows, ResumeJobs, RunScheduledJobs
from notify_core.jobs.validate import ValidateSpreadsheet
from notify_core.letters.files import LetterBucket
from notify_core.letters.find_pdf import FindLetterPdf
from notify_core.limits.admit import Admit
from notify_core.limits.ports import Limiter
from notify_core.limits.reserve import ReservePlaces
from notify_core.nightly.run import RunNight
from notify_core.nightly.steps import steps_of
from notify_core.notifications.apply_waiting_receipts import ApplyWaitingReceipts
from notify_core.notifications.cancel import CancelNotification
from notify_core.notifications.compose import Composer
from notify_core.notifications.deliver import DEFAULT_DOUBT_WAIT, DEFAULT_LEASE, Carriers, Deliver, DeliveryLog
from notify_core.notifications.dry_run import DryRunEmail, DryRunSms
from notify_core.notifications.find import FindNotification, PresentMessages
from notify_core.notifications.find_timeline import FindTimeline
from notify_core.notifications.list import ListNotifications
from notify_core.notifications.prepare import Preparation, PrepareEmail, PrepareSms
from notify_core.notifications.record_receipt import FollowUp, ReceiptLog, RecordEmailReceipt, RecordSmsReceipt
from notify_core.notifications.replay import ReplayUndelivered
from notify_core.notifications.send import Acceptance, SendEmail, SendSms
from notify_core.notifications.simulate_receipt import SimulateReceipts
from notify_core.notifications.time_out import TimeOutSending
from notify_core.outbox.batches import InBatches
from notify_core.outbox.days import day_of_id
from notify_core.outbox.model import Task
from notify_core.outbox.ports import Publisher
from notify_core.outbox.relay import RelayOutbox
from notify_core.providers.choosing import Choosing
from notify_core.providers.find import FindProviderHistory, ListProviders, ListSmsDeliveryStatistics
from notify_core.providers.log import ProviderLog
from notify_core.providers.measure import MeasureSmsDelivery
from notify_core.providers.ports import Chance, EmailProvider, ErrorRates, InFlight, SmsProvider
from notify_core.providers.set import SetProvider
from notify_core.providers.shift import FailureWatch, NoErrorRates, ReducePriority, SwitchOnSlowDelivery, WatchErrors
from notify_core.providers.tend import TendBack
from notify_core.retention.apply import ApplyRetention, RemoveExpiredTexts
from notify_core.retention.letter_files import RemoveLetterFiles
from notify_core.retention.ports import RetentionLog
from notify_core.retention.redate import RedateContents
from notify_core.retention.set import SetRetention
from notify_core.retention.show import ShowRetention
from notify_core.retries import EMAIL_RETRIES, SMS_RETRIES, RetryPolicy
from notify_core.services.archive import ArchiveService
from notify_core.services.create import CreateService
from notify_core.services.find import FindService, ListServices
from notify_core.statistics.build_facts import (
    CHANNELS_OF_TASK,
    BuildPromisedFacts,
    BuildStatusFacts,
    CreateNightlyStatus,
)
from notify_core.statistics.check import CheckInboundNumbers, CheckLog, CheckServices
from notify_core.statistics.count import CountStatistics, CountTemplateUse, FindLastUse, ReportServices
from notify_core.statistics.processing_time import ListProcessingTimes, SaveProcessingTime
from notify_core.templates.archive import ArchiveTemplate
from notify_core.templates.find import FindTemplate, ListTemplates
from notify_core.templates.show import PreviewTemplate, ShowTemplate, ShowTemplates
from notify_core.templates.write import CreateTemplate, EditTemplate
from notify_core.unit_of_work import Database
from notify_core.unsubscribe.archive import ArchiveUnsubscribeRequests
from notify_core.unsubscribe.links import UnsubscribeLinks
from notify_core.unsubscribe.ports import UnsubscribeTokens
from notify_core.unsubscribe.unsubscribe import Unsubscribe
from notify_core.vocabulary import ProviderName
from notify_core.worlds.apply import ApplyWorld


@frozen(kw_only=True)
class Ports:
    """Everything outside that the use cases need. Without `archive_storage` nothing is archived."""

    database: Database
    publisher: Publisher
    limiter: Limiter
    sms_providers: Mapping[ProviderName, SmsProvider]
    email_providers: Mapping[ProviderName, EmailProvider]
    documents: DocumentStore
    files: FileStore
    contact_list_files: FileStore
    in_flight: InFlight
    clock: Clock
    new_id: NewId
    new_secret: NewSecret
    chance: Chance
    unsubscribe_tokens: UnsubscribeTokens
    error_rates: ErrorRates = Factory(NoErrorRates)
    delivery_log: DeliveryLog = Factory(DeliveryLog)
    receipt_log: ReceiptLog = Factory(ReceiptLog)
    provider_log: ProviderLog = Factory(ProviderLog)
    caller: Caller = Factory(NoCaller)
    callback_log: CallbackLog = Factory(CallbackLog)
    letter_files: Mapping[LetterBucket, FileStore] = Factory(dict)
    retention_log: RetentionLog = Factory(RetentionLog)
    job_file_log: JobFileLog = Factory(JobFileLog)
    check_log: CheckLog = Factory(CheckLog)
    archive_storage: ArchiveStorage | None = None
    archive_log: ArchiveLog = Factory(ArchiveLog)


@frozen(kw_only=True)
class Options:
    """What an operator decides. `email_domain` is where emails come from, `sms_sender` who new services text as.

    `documents_url` is where recipients reach the file service, and `api_root` where their mail programs reach this
    API; both without a slash at their end. `late_texts_alarm` is whether to tell when texts are late for long.
    With no more than `low_inbound_numbers` that services can still be given, there are too few.
    """

    email_domain: str
    sms_sender: str
    admin_base_url: str = "http://localhost:6012"
    documents_url: str = "http://localhost:7000"
    api_root: str | None = None
    rate_limit_enabled: bool = True
    sms_retries: RetryPolicy = SMS_RETRIES
    email_retries: RetryPolicy = EMAIL_RETRIES
    lease: timedelta = DEFAULT_LEASE
    doubt_wait: timedelta = DEFAULT_DOUBT_WAIT
    late_texts_alarm: bool = True
    low_inbound_numbers: int = 50
    callbacks_to_loopback: bool = False
    archive: ArchivePolicy = Factory(ArchivePolicy)


def _night_of(notify: Notify) -> RunNight:
    """Return what does the work of others here. It lists them when it is asked, for some are bound after it."""
    return RunNight(partial(steps_of, notify), notify.clock)


@frozen(kw_only=True)
class Notify:
    """The platform: what it can do, as one object. Read the fields as its table of contents."""

    clock: Clock
    directory: Directory

    create_service: CreateService
    find_service: FindService
    list_services: ListServices
    archive_service: ArchiveService

    create_api_key: CreateApiKey
    revoke_api_key: RevokeApiKey
    list_api_keys: ListApiKeys

    create_template: CreateTemplate
    edit_template: EditTemplate
    find_template: FindTemplate
    list_templates: ListTemplates
    show_template: ShowTemplate
    show_templates: ShowTemplates
    preview_template: PreviewTemplate
    archive_template: ArchiveTemplate

    apply_world: ApplyWorld

    admit: Admit
    recall_answer: RecallAnswer
    send_sms: SendSms
    send_email: SendEmail
    dry_run_sms: DryRunSms
    dry_run_email: DryRunEmail
    cancel_notification: CancelNotification
    find_notification: FindNotification
    list_notifications: ListNotifications
    find_letter_pdf: FindLetterPdf

    create_job: CreateJob
    validate_spreadsheet: ValidateSpreadsheet
    find_job: FindJob
    list_jobs: ListJobs
    count_job: CountJob
    cancel_job: CancelJob
    retry_job: RetryJob
    process_job: ProcessJob
    process_job_chunk: StoreChunk
    run_scheduled_jobs: RunScheduledJobs
    check_jobs: CheckJobs
    resume_jobs: ResumeJobs
    complete_jobs: CompleteJobs
    restore_missing_rows: RestoreMissingRows

    send_bulk: SendBulk
    find_bulk: FindBulk
    list_bulk_rows: ListBulkRows
    cancel_bulk: CancelBulk

    receive_text: ReceiveText
    list_received_texts: ListReceivedTexts
    find_timeline: FindTimeline

    show_job: ShowJob
    show_jobs: ShowJobs
    count_scheduled_jobs: CountScheduledJobs
    list_job_rows: ListJobRows
    count_job_rows: CountJobRows
    cancel_scheduled_job: CancelScheduledJob
    report_job: ReportJob
    submit_file: SubmitFile
    open_contact_list: OpenContactList

    add_contact_list: AddContactList
    find_contact_list: FindContactList
    list_contact_lists: ListContactLists
    remove_contact_list: RemoveContactList
    store_contact_list: StoreContactList

    relay_outbox: RelayOutbox
    deliver_sms: Deliver
    deliver_email: Deliver
    record_sms_receipt: RecordSmsReceipt
    record_email_receipt: RecordEmailReceipt
    apply_waiting_receipts: ApplyWaitingReceipts
    simulate_receipts: SimulateReceipts
    replay_undelivered: ReplayUndelivered
    time_out_sending: TimeOutSending
    run_night: RunNight = Factory(_night_of, takes_self=True)

    list_providers: ListProviders
    set_provider: SetProvider
    find_provider_history: FindProviderHistory
    list_sms_delivery_statistics: ListSmsDeliveryStatistics
    measure_sms_delivery: MeasureSmsDelivery
    switch_on_slow_delivery: SwitchOnSlowDelivery
    tend_providers_back: TendBack

    build_status_facts: BuildStatusFacts
    create_nightly_status: CreateNightlyStatus
    save_processing_time: SaveProcessingTime
    list_processing_times: ListProcessingTimes
    count_statistics: CountStatistics
    count_template_use: CountTemplateUse
    report_services: ReportServices
    find_last_use: FindLastUse
    check_services: CheckServices
    check_inbound_numbers: CheckInboundNumbers

    unsubscribe: Unsubscribe

    add_endpoint: AddEndpoint
    list_endpoints: ListEndpoints
    rotate_secret: RotateSecret
    remove_endpoint: RemoveEndpoint
    send_callbacks: SendCallbacks
    retry_callbacks: SendCallbacks
    wake_endpoints: WakeEndpoints
    list_callbacks: ListCallbacks
    list_attempts: ListAttempts
    replay_callbacks: ReplayCallbacks
    recover_callbacks: RecoverCallbacks

    show_retention: ShowRetention
    set_retention: SetRetention
    apply_retention: ApplyRetention
    remove_expired_texts: RemoveExpiredTexts
    remove_letter_files: RemoveLetterFiles
    redate_contents: RedateContents
    archive_unsubscribe_requests: ArchiveUnsubscribeRequests
    remove_job_files: RemoveJobFiles
    forget_answers: ForgetAnswers
    list_rates: ListRates
    add_rate: AddRate
    find_allowance: FindAllowance
    set_allowance: SetAllowance
    populate_annual_billing: PopulateAnnualBilling
    build_billing: BuildBilling
    create_nightly_billing: CreateNightlyBilling
    update_billing_for_today: UpdateBillingForToday
    show_usage: ShowUsage
    list_facts: ListFacts
    archive_facts: ArchiveFacts
    archive_in_steps: ArchiveInSteps
    plan_archive: PlanArchive
    list_archive: ListArchive
    show_archived_month: ShowArchivedMonth
    read_archived_file: ReadArchivedFile

    def perform(self, task: Task, subject_ids: Sequence[UUID]) -> None:
        """Do a background task. Safe to repeat, and to do twice at the same time."""
        performers: Mapping[Task, Callable[[Sequence[UUID]], object]] = {
            Task.DELIVER_SMS: self.deliver_sms,
            Task.DELIVER_EMAIL: self.deliver_email,
            Task.SIMULATE_RECEIPT: self.simulate_receipts,
            Task.TIME_OUT_SENDING: self.time_out_sending,
            Task.SEND_CALLBACKS: self.send_callbacks,
            Task.RETRY_CALLBACKS: self.retry_callbacks,
            Task.PROCESS_JOB: self.process_job,
            Task.SHATTER_JOB_ROWS: self.process_job_chunk,
            Task.PROCESS_INCOMPLETE_JOBS: self.resume_jobs,
            Task.APPLY_RETENTION: self.apply_retention,
            Task.REMOVE_EXPIRED_TEXTS: self.remove_expired_texts,
            Task.REMOVE_LETTER_FILES: self.remove_letter_files,
            Task.REDATE_CONTENTS: self.redate_contents,
            Task.ARCHIVE_UNSUBSCRIBE_REQUESTS: self.archive_unsubscribe_requests,
            Task.REMOVE_SMS_EMAIL_JOBS: partial(self.remove_job_files, SMS_AND_EMAIL),
            Task.REMOVE_LETTER_JOBS: partial(self.remove_job_files, LETTERS),
            Task.FORGET_ANSWERS: self.forget_answers,
            Task.BUILD_BILLING: lambda ids: [self.build_billing(day_of_id(identifier)) for identifier in ids],
            **{task: BuildPromisedFacts(self.build_status_facts, of) for task, of in CHANNELS_OF_TASK.items()},
            Task.ARCHIVE_FACTS: self.archive_facts,
        }
        performers[task](subject_ids)


def build(ports: Ports, options: Options) -> Notify:
    """Bind every use case to these ports."""
    directory = Directory(ports.database, ports.clock)
    admit = Admit(ports.limiter, ports.clock, options.rate_limit_enabled)
    preparation = Preparation(directory, ports.clock, ports.new_id)
    prepare_sms = PrepareSms(preparation)
    upload_files = UploadFiles(ports.documents, ports.in_flight, ports.clock, options.documents_url)
    prepare_email = PrepareEmail(preparation, upload_files, options.email_domain, options.admin_base_url)
    accept = Acceptance(ports.database, ports.clock, ports.new_id)
    reserve = ReservePlaces(ports.limiter, ports.clock, ports.new_id)
    unsubscribe_links = UnsubscribeLinks(
        tokens=ports.unsubscribe_tokens,
        clock=ports.clock,
        api_root=options.api_root,
        admin_root=options.admin_base_url,
    )
    present = PresentMessages(directory, unsubscribe_links)
    choosing = Choosing(directory=directory, chance=ports.chance, clock=ports.clock)
    find_bulk = FindBulk(ports.database, directory, ports.clock)
    create_job = CreateJob(ports.database, ports.files, directory, ports.clock, ports.new_id)
    validate_spreadsheet = ValidateSpreadsheet(directory, reserve, ports.clock)
    describe_jobs = DescribeJobs()
    show_contact_lists = ShowContactLists(ports.clock)
    add_contact_list = AddContactList(ports.database, ports.clock, show_contact_lists)
    composer = Composer(
        directory=directory,
        choosing=choosing,
        email_domain=options.email_domain,
        unsubscribe_links=unsubscribe_links,
    )

    reduce_priority = ReducePriority(ports.database, ports.clock, ports.provider_log)
    watch_errors = WatchErrors(ports.error_rates, directory, ports.clock, reduce_priority, ports.provider_log)

    build_billing = BuildBilling(ports.database)
    archive_in_steps = ArchiveInSteps(
        database=ports.database,
        storage=ports.archive_storage,
        in_flight=ports.in_flight,
        clock=ports.clock,
        policy=options.archive,
        log=ports.archive_log,
    )

    announcer = AnnounceToServices(directory, ports.clock, ports.new_id)
    follow_up = FollowUp(announcer, composer.fragments)

    in_batches = InBatches(database=ports.database, clock=ports.clock, new_id=ports.new_id)
    count_statistics = CountStatistics(ports.database, ports.clock)

    def call_back(*, ailing: bool) -> SendCallbacks:
        return SendCallbacks(
            database=ports.database,
            caller=ports.caller,
            in_flight=ports.in_flight,
            clock=ports.clock,
            new_id=ports.new_id,
            ailing=ailing,
            log=ports.callback_log,
        )

    def deliver(task: Task, carriers: Carriers, retries: RetryPolicy, watch: FailureWatch) -> Deliver:
        return Deliver(
            task=task,
            database=ports.database,
            composer=composer,
            choosing=choosing,
            carriers=carriers,
            retries=retries,
            in_flight=ports.in_flight,
            clock=ports.clock,
            new_id=ports.new_id,
            lease=options.lease,
            doubt_wait=options.doubt_wait,
            log=ports.delivery_log,
            watch_failures=watch,
            announcer=announcer,
        )

    return Notify(
        clock=ports.clock,
        directory=directory,
        create_service=CreateService(ports.database, ports.clock, ports.new_id, options.sms_sender),
        find_service=FindService(ports.database),
        list_services=ListServices(ports.database),
        archive_service=ArchiveService(ports.database, ports.clock),
        create_api_key=CreateApiKey(ports.database, ports.clock, ports.new_id, ports.new_secret),
        revoke_api_key=RevokeApiKey(ports.database, ports.clock),
        list_api_keys=ListApiKeys(ports.database),
        create_template=CreateTemplate(ports.database, ports.clock, ports.new_id),
        edit_template=EditTemplate(ports.database, ports.clock),
        find_template=FindTemplate(ports.database),
        list_templates=ListTemplates(ports.database),
        show_template=ShowTemplate(directory),
        show_templates=ShowTemplates(ports.database, directory),
        preview_template=PreviewTemplate(directory),
        archive_template=ArchiveTemplate(ports.database, ports.clock),
        apply_world=ApplyWorld(ports.database, ports.clock, ports.new_id, ports.new_secret, options.sms_sender),
        admit=admit,
        recall_answer=RecallAnswer(ports.database, ports.clock),
        send_sms=SendSms(prepare_sms, accept, admit),
        send_email=SendEmail(prepare_email, accept),
        dry_run_sms=DryRunSms(prepare_sms, composer, admit),
        dry_run_email=DryRunEmail(prepare_email, composer),
        cancel_notification=CancelNotification(ports.database, admit, ports.clock),
        find_notification=FindNotification(ports.database, present),
        list_notifications=ListNotifications(ports.database, directory, present),
        find_letter_pdf=FindLetterPdf(ports.database),
        receive_text=ReceiveText(ports.database, directory, ports.clock, ports.new_id, announcer),
        create_job=create_job,
        validate_spreadsheet=validate_spreadsheet,
        find_job=FindJob(ports.database),
        list_jobs=ListJobs(ports.database),
        count_job=CountJob(ports.database),
        cancel_job=CancelJob(ports.database, admit, ports.clock),
        retry_job=RetryJob(ports.database, ports.clock, ports.new_id),
        process_job=ProcessJob(ports.database, ports.files, directory, reserve, ports.clock, ports.new_id),
        process_job_chunk=StoreChunk(ports.database, ports.files, directory, ports.clock, ports.new_id),
        run_scheduled_jobs=RunScheduledJobs(ports.database, ports.clock, ports.new_id),
        check_jobs=CheckJobs(ports.database, ports.clock, ports.new_id),
        resume_jobs=ResumeJobs(ports.database, ports.clock, ports.new_id),
        complete_jobs=CompleteJobs(ports.database, ports.clock),
        restore_missing_rows=RestoreMissingRows(ports.database, ports.clock, ports.new_id),
        send_bulk=SendBulk(
            database=ports.database,
            directory=directory,
            prepare_sms=prepare_sms,
            prepare_email=prepare_email,
            reserve=reserve,
            clock=ports.clock,
            new_id=ports.new_id,
        ),
        find_bulk=find_bulk,
        list_bulk_rows=ListBulkRows(ports.database, find_bulk),
        cancel_bulk=CancelBulk(ports.database, find_bulk, admit, ports.clock),
        list_received_texts=ListReceivedTexts(ports.database),
        find_timeline=FindTimeline(ports.database),
        show_job=ShowJob(ports.database, describe_jobs),
        show_jobs=ShowJobs(ports.database, describe_jobs, ports.clock),
        count_scheduled_jobs=CountScheduledJobs(ports.database),
        list_job_rows=ListJobRows(ports.database, directory),
        count_job_rows=CountJobRows(ports.database),
        cancel_scheduled_job=CancelScheduledJob(ports.database, ports.clock),
        report_job=ReportJob(ports.database, directory, ports.files),
        submit_file=SubmitFile(validate_spreadsheet, ports.files, create_job, ports.new_id),
        open_contact_list=OpenContactList(ports.database, ports.contact_list_files),
        add_contact_list=add_contact_list,
        find_contact_list=FindContactList(ports.database, show_contact_lists),
        list_contact_lists=ListContactLists(ports.database, show_contact_lists),
        remove_contact_list=RemoveContactList(ports.database, ports.contact_list_files, ports.clock),
        store_contact_list=StoreContactList(ports.database, ports.contact_list_files, add_contact_list, ports.new_id),
        relay_outbox=RelayOutbox(ports.database, ports.publisher, ports.clock),
        deliver_sms=deliver(
            Task.DELIVER_SMS, Carriers(sms=dict(ports.sms_providers)), options.sms_retries, watch_errors
        ),
        deliver_email=deliver(
            Task.DELIVER_EMAIL, Carriers(email=dict(ports.email_providers)), options.email_retries, FailureWatch()
        ),
        record_sms_receipt=RecordSmsReceipt(ports.database, ports.clock, ports.new_id, ports.receipt_log, follow_up),
        record_email_receipt=RecordEmailReceipt(
            ports.database, ports.clock, ports.new_id, ports.receipt_log, follow_up
        ),
        apply_waiting_receipts=ApplyWaitingReceipts(ports.database, ports.clock, ports.receipt_log, follow_up),
        simulate_receipts=SimulateReceipts(ports.database, ports.clock, announcer),
        replay_undelivered=ReplayUndelivered(ports.database, ports.clock, ports.new_id),
        time_out_sending=TimeOutSending(ports.database, ports.clock, ports.new_id, announcer.all_ended),
        list_providers=ListProviders(ports.database, ports.clock),
        set_provider=SetProvider(ports.database, ports.clock, ports.provider_log),
        find_provider_history=FindProviderHistory(ports.database),
        list_sms_delivery_statistics=ListSmsDeliveryStatistics(ports.database, ports.clock),
        measure_sms_delivery=MeasureSmsDelivery(
            database=ports.database,
            clock=ports.clock,
            rates=ports.error_rates,
            alarm=options.late_texts_alarm,
            log=ports.provider_log,
        ),
        switch_on_slow_delivery=SwitchOnSlowDelivery(ports.database, ports.clock, reduce_priority),
        tend_providers_back=TendBack(ports.database, ports.clock, ports.provider_log),
        build_status_facts=BuildStatusFacts(ports.database, ports.clock),
        create_nightly_status=CreateNightlyStatus(ports.database, ports.clock, ports.new_id),
        save_processing_time=SaveProcessingTime(ports.database, ports.clock),
        list_processing_times=ListProcessingTimes(ports.database),
        count_statistics=count_statistics,
        count_template_use=CountTemplateUse(count_statistics),
        report_services=ReportServices(ports.database),
        find_last_use=FindLastUse(ports.database, ports.clock),
        check_services=CheckServices(ports.database, ports.clock, ports.check_log),
        check_inbound_numbers=CheckInboundNumbers(ports.database, options.low_inbound_numbers, ports.check_log),
        unsubscribe=Unsubscribe(ports.database, ports.unsubscribe_tokens, ports.clock, ports.new_id),
        add_endpoint=AddEndpoint(
            ports.database,
            ports.clock,
            ports.new_id,
            ports.new_secret,
            ports.caller,
            options.callbacks_to_loopback,
        ),
        list_endpoints=ListEndpoints(ports.database),
        rotate_secret=RotateSecret(ports.database, ports.new_secret),
        remove_endpoint=RemoveEndpoint(ports.database),
        send_callbacks=call_back(ailing=False),
        retry_callbacks=call_back(ailing=True),
        wake_endpoints=WakeEndpoints(ports.database, ports.clock, ports.new_id),
        list_callbacks=ListCallbacks(ports.database),
        list_attempts=ListAttempts(ports.database),
        replay_callbacks=ReplayCallbacks(ports.database, ports.clock, ports.new_id),
        recover_callbacks=RecoverCallbacks(ports.database, ports.clock, ports.new_id),
        show_retention=ShowRetention(ports.database),
        set_retention=SetRetention(ports.database, ports.clock, ports.new_id),
        apply_retention=ApplyRetention(ports.database, ports.clock, ports.new_id, ports.retention_log),
        remove_expired_texts=RemoveExpiredTexts(ports.database, ports.clock, ports.new_id, ports.retention_log),
        remove_letter_files=RemoveLetterFiles(
            ports.database, ports.letter_files, ports.in_flight, ports.clock, ports.new_id, ports.retention_log
        ),
        redate_contents=RedateContents(ports.database, ports.clock, ports.new_id),
        archive_unsubscribe_requests=ArchiveUnsubscribeRequests(ports.database, ports.clock, in_batches),
        remove_job_files=RemoveJobFiles(ports.database, ports.files, ports.clock, in_batches, ports.job_file_log),
        forget_answers=ForgetAnswers(ports.database, ports.clock, in_batches),
        list_rates=ListRates(ports.database),
        add_rate=AddRate(ports.database, ports.clock),
        find_allowance=FindAllowance(ports.database, ports.clock),
        set_allowance=SetAllowance(ports.database, ports.clock),
        populate_annual_billing=PopulateAnnualBilling(ports.database, ports.clock),
        build_billing=build_billing,
        create_nightly_billing=CreateNightlyBilling(ports.database, ports.clock, ports.new_id),
        update_billing_for_today=UpdateBillingForToday(build_billing, ports.clock),
        show_usage=ShowUsage(ports.database, ports.clock),
        list_facts=ListFacts(ports.database),
        archive_facts=ArchiveFacts(
            steps=archive_in_steps, database=ports.database, clock=ports.clock, new_id=ports.new_id
        ),
        archive_in_steps=archive_in_steps,
        plan_archive=PlanArchive(ports.database, archive_in_steps),
        list_archive=ListArchive(ports.database),
        show_archived_month=ShowArchivedMonth(ports.database),
        read_archived_file=ReadArchivedFile(ports.database, ports.archive_storage),
    )
