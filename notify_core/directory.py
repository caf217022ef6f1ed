"""The things every message needs and that hardly ever change, remembered for a few seconds.

A revoked key works for at most two seconds longer, a changed service is seen that much later. Absence
is remembered too, so that a stranger's guesses do not reach the database each time. A template version never
changes, so it is remembered for longer.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from threading import Lock
from typing import Generic, TypeVar
from uuid import UUID

from attrs import define, field

from notify_core.api_keys.model import ApiKey
from notify_core.billing.rates import Tariff
from notify_core.callbacks.model import Subscription
from notify_core.clock import Clock
from notify_core.content import EmailTemplate, SmsTemplate
from notify_core.providers.model import Provider
from notify_core.services.model import Service
from notify_core.templates.model import Template
from notify_core.unit_of_work import Database, UnitOfWork
from notify_core.vocabulary import Channel

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")

_REMEMBERED = timedelta(seconds=2)
_VERSION_REMEMBERED = timedelta(seconds=30)
_PROVIDERS_REMEMBERED = timedelta(seconds=10)
_TARIFF_REMEMBERED = timedelta(seconds=10)
_MOST_REMEMBERED = 1024


@define
class Remembered(Generic[_Key, _Value]):
    """A bounded memory of what `load` returned, each for `lifetime`. Safe to use from several threads."""

    load: Callable[[_Key], _Value]
    clock: Clock
    lifetime: timedelta
    _entries: OrderedDict[_Key, tuple[datetime, _Value]] = field(factory=OrderedDict, init=False)
    _lock: Lock = field(factory=Lock, init=False)

    def get(self, key: _Key, load: Callable[[_Key], _Value] | None = None) -> _Value:
        """Return what is remembered of `key`, loading it first when that is nothing, or too old.

        With `load` it is loaded by that.
        """
        now = self.clock()
        entry = self._entries.get(key)
        if entry is not None and now < entry[0]:
            return entry[1]
        value = (load or self.load)(key)
        with self._lock:
            self._entries[key] = (now + self.lifetime, value)
            self._entries.move_to_end(key)
            if len(self._entries) > _MOST_REMEMBERED:
                self._entries.popitem(last=False)
        return value

    def forget(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()


class Directory:
    """Services, keys, templates, providers and rates, as they were at most a few seconds ago."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._services = Remembered(self._load_service, clock, _REMEMBERED)
        self._keys = Remembered(self._load_keys, clock, _REMEMBERED)
        self._latest = Remembered(self._load_latest, clock, _REMEMBERED)
        self._versions = Remembered(self._load_version, clock, _VERSION_REMEMBERED)
        self._providers = Remembered(self._load_providers, clock, _PROVIDERS_REMEMBERED)
        self._authors = Remembered(self._load_author, clock, _VERSION_REMEMBERED)
        self._subscriptions = Remembered(self._load_subscriptions, clock, _REMEMBERED)
        self._tariff = Remembered(self._load_tariff, clock, _TARIFF_REMEMBERED)
        self._sms = Remembered(self._compile_sms, clock, _VERSION_REMEMBERED)
        self._email = Remembered(self._compile_email, clock, _VERSION_REMEMBERED)

    def service(self, service_id: UUID, work: UnitOfWork | None = None) -> Service | None:
        """Return the service, or None. Inside a transaction give its `work`, as for `subscriptions`."""
        if work is None:
            return self._services.get(service_id)
        return self._services.get(service_id, work.services.find)

    def api_keys(self, service_id: UUID) -> tuple[ApiKey, ...]:
        """Return all of the service's keys, revoked ones too, oldest first."""
        return self._keys.get(service_id)

    def template(self, template_id: UUID, version: int | None = None) -> Template | None:
        """Return the template at that version, or the latest, or None."""
        if version is None:
            return self._latest.get(template_id)
        return self._versions.get((template_id, version))

    def template_version(self, template_id: UUID, version: int, work: UnitOfWork) -> Template | None:
        """Return the template at that version, or None, from inside a transaction."""
        return self._versions.get((template_id, version), lambda key: work.templates.find(*key))

    def author(self, user_id: UUID) -> str | None:
        """Return the email address of a user who saved a template, or None."""
        return self._authors.get(user_id)

    def providers(self, channel: Channel) -> tuple[Provider, ...]:
        """Return the channel's providers, active or not."""
        return self._providers.get(channel)

    def subscriptions(self, service_id: UUID, work: UnitOfWork | None = None) -> tuple[Subscription, ...]:
        """Return what the service's endpoints want to be told.

        Inside a transaction give its `work`: to ask for a second connection while holding one can starve everybody.
        """
        if work is None:
            return self._subscriptions.get(service_id)
        return self._subscriptions.get(service_id, work.callbacks.subscriptions)

    def tariff(self) -> Tariff:
        """Return what everything costs."""
        return self._tariff.get(None)

    def sms(self, template: Template) -> SmsTemplate:
        """Return the template ready for rendering texts."""
        return self._sms.get(template)

    def email(self, template: Template) -> EmailTemplate:
        """Return the template ready for rendering emails."""
        return self._email.get(template)

    def placeholders(self, template: Template) -> tuple[str, ...]:
        """Return the placeholders of a template for texts or emails: each once, in its first spelling."""
        compiled = self.sms(template) if template.channel is Channel.SMS else self.email(template)
        return compiled.placeholders

    def forget(self) -> None:
        """Forget everything, so that the next look-up sees things as they are now."""
        for memory in (self._services, self._keys, self._latest, self._versions, self._authors, self._providers):
            memory.forget()
        self._subscriptions.forget()
        self._tariff.forget()

    def _load_service(self, service_id: UUID) -> Service | None:
        with self._database.statement() as work:
            return work.services.find(service_id)

    def _load_keys(self, service_id: UUID) -> tuple[ApiKey, ...]:
        with self._database.statement() as work:
            return tuple(work.api_keys.list_for(service_id))

    def _load_latest(self, template_id: UUID) -> Template | None:
        with self._database.statement() as work:
            return work.templates.find(template_id)

    def _load_version(self, key: tuple[UUID, int]) -> Template | None:
        with self._database.statement() as work:
            return work.templates.find(*key)

    def _load_author(self, user_id: UUID) -> str | None:
        with self._database.statement() as work:
            return work.templates.authors([user_id]).get(user_id)

    def _load_providers(self, channel: Channel) -> tuple[Provider, ...]:
        with self._database.statement() as work:
            return tuple(work.providers.list_for(channel))

    def _load_subscriptions(self, service_id: UUID) -> tuple[Subscription, ...]:
        with self._database.statement() as work:
            return work.callbacks.subscriptions(service_id)

    def _load_tariff(self, _: None) -> Tariff:
        with self._database.statement() as work:
            return work.billing.tariff()

    @staticmethod
    def _compile_sms(template: Template) -> SmsTemplate:
        return SmsTemplate(template.content)

    @staticmethod
    def _compile_email(template: Template) -> EmailTemplate:
        return EmailTemplate(template.subject or "", template.content)
