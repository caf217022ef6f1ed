"""Bring a world about: create what is missing, change what differs, leave alone what is not mentioned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import UUID

from attrs import evolve, field, frozen

from notify_core.api_keys.manage import NewSecret
from notify_core.api_keys.model import ApiKey
from notify_core.billing.assign import assign_allowance
from notify_core.calendar import financial_year, london_date
from notify_core.clock import Clock
from notify_core.errors import Conflict
from notify_core.identifiers import NewId
from notify_core.retention.promise import promise_redating
from notify_core.services.archive import archive_service
from notify_core.services.model import Service, SmsSender
from notify_core.templates.archive import archive_template
from notify_core.templates.model import Template
from notify_core.unit_of_work import Database, UnitOfWork
from notify_core.users.model import NOTIFY_USER_ID, User
from notify_core.vocabulary import Channel
from notify_core.worlds.applied import (
    Applied,
    AppliedKey,
    AppliedService,
    AppliedTemplate,
    AppliedWorld,
    Change,
)
from notify_core.worlds.callbacks import Endpoints
from notify_core.worlds.compare import (
    changed_fields,
    check_id,
    check_key,
    check_version,
    key_called,
    service_after,
    template_called,
    user_after,
)
from notify_core.worlds.kinds import Place
from notify_core.worlds.model import World, WorldApiKey, WorldService, WorldTemplate, WorldUser, WorldVersion
from notify_core.worlds.received import Receptions


@frozen
class ApplyWorld:
    """Make the database hold what a file describes. Doing it again changes nothing."""

    database: Database
    clock: Clock
    new_id: NewId
    new_secret: NewSecret
    default_sms_sender: str

    def __call__(self, world: World, *, rehearse: bool = False) -> AppliedWorld:
        """Apply the world, and return what it is called in the database, with what was done to it.

        Each service is one transaction, with those users that it mentions. What contradicts the database and
        cannot be changed there is a conflict: nothing of that service is written, and the others are applied
        nevertheless. A rehearsal writes nothing at all; the ids that it would give are not those to come.
        """
        users: dict[str, Applied] = {}
        services: dict[str, AppliedService] = {}
        conflicts: list[str] = []
        for number, wanted in enumerate(world.services):
            place = Place(f"services.{number}")
            with self.database.begin() as work:
                application = _Application(self, world, work, self.clock())
                applied = application.service_or_none(wanted, place)
                if applied is not None:
                    services[wanted.name] = applied
                    _remember(users, application.users)
                    if not rehearse:
                        work.commit()
            conflicts += place.problems
        place = Place()
        with self.database.begin() as work:
            application = _Application(self, world, work, self.clock())
            if application.all_users(place):
                _remember(users, application.users)
                if not rehearse:
                    work.commit()
        conflicts += place.problems
        return AppliedWorld(users=users, services=services, conflicts=tuple(dict.fromkeys(conflicts)))


def _remember(users: dict[str, Applied], more: Mapping[str, Applied]) -> None:
    """Keep what was done to a user first: afterwards there is nothing to do."""
    for address, applied in more.items():
        users.setdefault(address, applied)


@frozen
class _Application:
    """One transaction's part of applying a world."""

    apply: ApplyWorld
    world: World
    work: UnitOfWork
    now: datetime
    users: dict[str, Applied] = field(factory=dict, init=False)

    def service_or_none(self, wanted: WorldService, place: Place) -> AppliedService | None:
        """Apply one service. None when there were conflicts, which are said."""
        try:
            applied = self._service(wanted, place)
        except Conflict as conflict:
            place.say(conflict.message)
            return None
        return None if place.problems else applied

    def all_users(self, place: Place) -> bool:
        """Apply all users, whichever service they belong to. False when there were conflicts, which are said."""
        try:
            for user in self.world.users:
                self._user(user.email_address, place.problems)
        except Conflict as conflict:
            place.at("users").say(conflict.message)
        return not place.problems

    def _service(self, wanted: WorldService, place: Place) -> AppliedService | None:
        before = self._stored_service(wanted, place)
        if place.problems:
            return None
        start = before or self._new_service(wanted)
        after = service_after(start, wanted, self.apply.new_id, place)
        if before is None and not after.sms_senders:
            after = evolve(after, sms_senders=(self._default_sender(),))
        if before is None:
            self.work.services.add(after)
        elif after != before:
            self.work.services.save(after)
            self._redate(before, after)
        if before is None or after.organisation_type is not before.organisation_type:
            assign_allowance(self.work, after.id, financial_year(london_date(self.now)))
        team_changed = self._team(after.id, wanted, place)
        keys = self._keys(after.id, wanted, place.at("api_keys"))
        templates = self._templates(after.id, wanted, place.at("templates"))
        received = Receptions(self.work, self.apply.new_id, self.now)(after, wanted, place)
        endpoints = Endpoints(self.work, self.apply.new_id, self.apply.new_secret, self.now)(after, wanted)
        if place.problems:
            return None
        stored = archive_service(self.work, after, self.now) if wanted.archived else after
        changed = () if before is None else changed_fields(before, stored)
        changed += ("team",) if before is not None and team_changed else ()
        return AppliedService(
            id=after.id,
            change=_change(before is None, bool(changed)),
            archived=stored.archived,
            fields=changed,
            sms_senders=_senders(wanted, start, after),
            reply_tos=_reply_tos(wanted, start, after),
            api_keys=keys,
            templates=templates,
            received_texts=received,
            callbacks=endpoints,
        )

    def _redate(self, before: Service, after: Service) -> None:
        """Promise that what there is goes on the days of a changed setting."""
        if any(before.days_kept(channel) != after.days_kept(channel) for channel in Channel):
            promise_redating(self.work, after.id, now=self.now, new_id=self.apply.new_id)

    def _stored_service(self, wanted: WorldService, place: Place) -> Service | None:
        stored = next(iter(self.work.services.list_called(wanted.name)), None)
        if stored is None:
            other = None if wanted.id is None else self.work.services.find(wanted.id)
            if other is not None:
                place.at("id").say(
                    f"is that of {other.original_name!r} in the database; services are known by their names"
                )
            return None
        check_id(stored.id, wanted.id, place)
        if stored.archived and not wanted.archived:
            place.at("archived").say(
                f"{wanted.name!r} is archived in the database and live in the file; that cannot be undone:"
                " give the new one another name"
            )
        return stored

    def _new_service(self, wanted: WorldService) -> Service:
        return Service(id=wanted.id or self.apply.new_id(), name=wanted.name, created_at=self.now, prefix_sms=True)

    def _default_sender(self) -> SmsSender:
        return SmsSender(id=self.apply.new_id(), text=self.apply.default_sms_sender)

    def _team(self, service_id: UUID, wanted: WorldService, place: Place) -> bool:
        """Make exactly those members whom the file names, and return whether that changed anything."""
        if wanted.team is None:
            return False
        members = {self._user(address, place.problems) for address in wanted.team} - {None}
        before = {user.id for user in self.work.users.list_for(service_id)}
        for gone in before - members:
            self.work.users.remove_member(service_id, gone)
        for new in sorted(user_id for user_id in members - before if user_id is not None):
            self.work.users.add_member(service_id, new)
        return members != before

    def _user(self, address: str, problems: list[str]) -> UUID | None:
        """Apply one of the file's users and return the id, or None when there is a conflict."""
        number, wanted = self.world.user(address)
        place = Place(f"users.{number}", problems)
        before = self.work.users.find_by_email_address(wanted.email_address)
        if before is None:
            user = self._new_user(wanted, place)
        else:
            check_id(before.id, wanted.id, place)
            user = user_after(before, wanted)
            if user != before:
                self.work.users.save(user)
        if user is None:
            return None
        if wanted.email_address not in self.users:
            self.users[wanted.email_address] = Applied(
                id=user.id, change=_change(before is None, before is not None and user != before)
            )
        return user.id

    def _new_user(self, wanted: WorldUser, place: Place) -> User | None:
        if wanted.id is not None and self.work.users.find(wanted.id) is not None:
            place.at("id").say("is that of another user in the database; users are known by their email addresses")
            return None
        user = User(
            id=wanted.id or self.apply.new_id(),
            name=wanted.name,
            email_address=wanted.email_address,
            mobile_number=wanted.mobile_number,
            created_at=self.now,
        )
        self.work.users.add(user)
        return user

    def _keys(self, service_id: UUID, wanted: WorldService, place: Place) -> dict[str, AppliedKey]:
        stored = self.work.api_keys.list_for(service_id)
        return {
            one.name: self._key(
                service_id, one, stored, revoked=one.revoked or wanted.archived, place=place.at(number)
            )
            for number, one in enumerate(wanted.api_keys)
        }

    def _key(
        self, service_id: UUID, wanted: WorldApiKey, stored: list[ApiKey], *, revoked: bool, place: Place
    ) -> AppliedKey:
        before = key_called(stored, wanted.name)
        key = before or ApiKey(
            id=self.apply.new_id(),
            service_id=service_id,
            name=wanted.name,
            key_type=wanted.type,
            secret=wanted.secret or self.apply.new_secret(),
            created_at=self.now,
            revoked_at=self.now if revoked else None,
        )
        if before is None:
            self.work.api_keys.add(key)
        else:
            check_key(key, wanted, revoked=revoked, place=place)
            if revoked and not key.revoked:
                self.work.api_keys.revoke(key.id, self.now)
        return AppliedKey(
            id=key.id,
            change=_change(before is None, revoked and not key.revoked),
            type=key.key_type,
            revoked=revoked,
            combined=key.combined,
        )

    def _templates(self, service_id: UUID, wanted: WorldService, place: Place) -> dict[str, AppliedTemplate]:
        stored = self.work.templates.list_all_for(service_id)
        return {
            one.name: applied
            for number, one in enumerate(wanted.templates)
            for applied in self._template(
                service_id, one, stored, archived=one.archived or wanted.archived, place=place.at(number)
            )
        }

    def _template(
        self, service_id: UUID, wanted: WorldTemplate, stored: list[Template], *, archived: bool, place: Place
    ) -> Iterator[AppliedTemplate]:
        """Yield what became of one template, or nothing when it cannot be told which one is meant."""
        problems_before = len(place.problems)
        known = {one.id: one for one in stored}
        if wanted.id in known:
            stored = [known[wanted.id]]
        before = template_called(stored, wanted, place)
        if before is None:
            self._check_new_id(wanted, place)
        else:
            check_id(before.id, wanted.id, place)
            if before.archived and not archived:
                place.at("archived").say(
                    f"{wanted.name!r} is archived in the database and not in the file; that cannot be undone:"
                    " give the new one another name"
                )
        if len(place.problems) > problems_before:
            return
        after = self._versions(service_id, wanted, before, place.at("versions"))
        if after is None:
            return
        if archived:
            after = archive_template(self.work, after, self.now)
        yield AppliedTemplate(
            id=after.id,
            change=_change(before is None, after != before),
            type=after.channel,
            version=after.version,
            archived=after.archived,
        )

    def _check_new_id(self, wanted: WorldTemplate, place: Place) -> None:
        other = None if wanted.id is None else self.work.templates.find(wanted.id)
        if other is not None:
            place.at("id").say(f"is that of {other.name!r} in the database; templates are known by their names")

    def _versions(
        self, service_id: UUID, wanted: WorldTemplate, before: Template | None, place: Place
    ) -> Template | None:
        """Check the versions that are stored, store those that are not, and return the latest."""
        latest = before
        template_id = before.id if before else wanted.id or self.apply.new_id()
        stored = {one.version: one for one in self.work.templates.list_versions(template_id)} if before else {}
        for number, version in enumerate(wanted.versions, start=1):
            at = place.at(number - 1)
            author = self._author(version, at)
            if before is not None and number <= before.version:
                check_version(stored.get(number), version, number, at)
                self._check_author(stored.get(number), author, number, at)
            elif before is not None and before.archived:
                at.say(f"{wanted.name!r} is archived in the database: it gets no more versions")
            else:
                latest = self._version(
                    wanted, version, latest, number=number, ids=(template_id, service_id), author=author
                )
        return latest

    def _version(
        self,
        wanted: WorldTemplate,
        version: WorldVersion,
        latest: Template | None,
        *,
        number: int,
        ids: tuple[UUID, UUID],
        author: UUID | None,
    ) -> Template:
        template_id, service_id = ids
        template = Template(
            id=template_id,
            service_id=service_id,
            name=wanted.name,
            channel=wanted.type,
            content=version.content,
            subject=version.subject,
            has_unsubscribe_link=version.has_unsubscribe_link,
            version=number,
            created_at=latest.created_at if latest else self.now,
            updated_at=self.now if latest else None,
            created_by_id=author or NOTIFY_USER_ID,
        )
        self.work.templates.save(template)
        return template

    def _author(self, version: WorldVersion, place: Place) -> UUID | None:
        return None if version.created_by is None else self._user(version.created_by, place.problems)

    @staticmethod
    def _check_author(stored: Template | None, author: UUID | None, number: int, place: Place) -> None:
        if stored is not None and author is not None and stored.created_by_id != author:
            place.at("created_by").say(
                f"version {number} of {stored.name!r} is somebody else's in the database;"
                " leave created_by out, or write who it was"
            )


def _change(is_new: bool, is_changed: bool) -> Change:
    if is_new:
        return Change.CREATED
    return Change.CHANGED if is_changed else Change.UNCHANGED


def _senders(wanted: WorldService, before: Service, after: Service) -> dict[str, Applied]:
    old, new = ({one.text: one for one in service.sms_senders} for service in (before, after))
    return {
        one.text: Applied(
            id=new[one.text].id, change=_change(one.text not in old, new[one.text] != old.get(one.text))
        )
        for one in wanted.sms_senders
    }


def _reply_tos(wanted: WorldService, before: Service, after: Service) -> dict[str, Applied]:
    old, new = ({one.address.lower(): one for one in service.reply_tos} for service in (before, after))
    return {
        one.email_address: Applied(id=new[key].id, change=_change(key not in old, new[key] != old.get(key)))
        for one in wanted.reply_tos
        for key in (one.email_address.lower(),)
    }
