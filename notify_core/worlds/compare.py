"""What a world wants of what is stored: pure functions, from what is there to what should be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from attrs import evolve, fields

from notify_core.api_keys.model import ApiKey
from notify_core.identifiers import NewId
from notify_core.recipients import format_recipient
from notify_core.services.model import MessageLimits, ReplyTo, Service, SmsSender
from notify_core.templates.model import Template
from notify_core.users.model import User
from notify_core.worlds.kinds import Place
from notify_core.worlds.model import WorldApiKey, WorldLimits, WorldService, WorldTemplate, WorldUser, WorldVersion

_Sender = TypeVar("_Sender", SmsSender, ReplyTo)

#: How much of two texts is shown around where they begin to differ.
_EXCERPT = 40


def check_id(stored: UUID | None, wanted: UUID | None, place: Place) -> None:
    """Say at `place` when the file gives something an id, and the database has given it another."""
    if stored is not None and wanted is not None and stored != wanted:
        place.at("id").say(f"is {stored} in the database and {wanted} in the file; ids never change")


def user_after(before: User, wanted: WorldUser) -> User:
    """Return the user as the file wants it."""
    return evolve(
        before,
        name=wanted.name,
        email_address=wanted.email_address,
        mobile_number=wanted.mobile_number or before.mobile_number,
    )


def service_after(before: Service, wanted: WorldService, new_id: NewId, place: Place) -> Service:
    """Return the service as the file wants it, but for its being archived. Ids that contradict are said at `place`.

    What the file leaves out stays; senders and reply-tos that it does not name stay as well.
    """
    given: dict[str, Any] = {
        "restricted": wanted.trial_mode,
        "permissions": None if wanted.permissions is None else frozenset(wanted.permissions),
        "prefix_sms": wanted.prefix_sms,
        "custom_email_sender_name": wanted.custom_email_sender_name,
        "contact_link": wanted.contact_link,
        "rate_limit": wanted.rate_limit,
        "idempotent_references": wanted.idempotent_references,
        "when_in_doubt": wanted.when_in_doubt,
        "organisation_type": wanted.organisation_type,
        "guest_list": None if wanted.guest_list is None else frozenset(map(format_recipient, wanted.guest_list)),
    }
    return evolve(
        before,
        **{name: value for name, value in given.items() if value is not None},
        limits=_limits_after(before.limits, wanted.limits),
        retention_days={**before.retention_days, **dict(wanted.retention_days.items())},
        sms_senders=_senders_after(before.sms_senders, wanted, new_id, place.at("sms_senders")),
        reply_tos=_reply_tos_after(before.reply_tos, wanted, new_id, place.at("reply_tos")),
    )


def changed_fields(before: Service, after: Service) -> tuple[str, ...]:
    """Return the names of the fields in which two states of a service differ."""
    return tuple(
        attribute.name
        for attribute in fields(Service)
        if getattr(before, attribute.name) != getattr(after, attribute.name)
    )


def key_called(keys: Sequence[ApiKey], name: str) -> ApiKey | None:
    """Return the live key of that name, or the latest of those revoked, or None. `keys` are oldest first."""
    called = [key for key in keys if key.name == name]
    return next((key for key in called if not key.revoked), called[-1] if called else None)


def check_key(key: ApiKey, wanted: WorldApiKey, *, revoked: bool, place: Place) -> None:
    """Say at `place` what of a stored key contradicts the file and cannot be changed."""
    if key.key_type is not wanted.type:
        place.at("type").say(
            f"{wanted.name!r} is a {key.key_type} key in the database and a {wanted.type} key in the file;"
            " keys stay what they are: give the new one another name"
        )
    if wanted.secret not in (None, key.secret):
        place.at("secret").say(
            f"{wanted.name!r} has another secret in the database; leave the secret out, or give the key another name"
        )
    if key.revoked and not revoked:
        place.at("revoked").say(
            f"{wanted.name!r} is revoked in the database and live in the file; that cannot be undone:"
            " give the new key another name"
        )


def template_called(templates: Sequence[Template], wanted: WorldTemplate, place: Place) -> Template | None:
    """Return the stored template that the file means, or None when it is new.

    Says at `place` when there is one of that name and another type, or there are several.
    """
    called = [one for one in templates if one.name == wanted.name and not one.hidden]
    alike = [one for one in called if one.channel is wanted.type]
    live = [one for one in alike if not one.archived]
    if called and not alike:
        place.at("type").say(
            f"{wanted.name!r} is for {called[0].channel} in the database and for {wanted.type} in the file;"
            " templates stay what they are: give the new one another name"
        )
    if len(live) > 1:
        ids = ", ".join(str(one.id) for one in live)
        place.at("name").say(f"there are {len(live)} called {wanted.name!r} in the database; write the id: {ids}")
    return next(iter(live), alike[-1] if alike else None)


def check_version(stored: Template | None, wanted: WorldVersion, number: int, place: Place) -> None:
    """Say at `place` in what a stored version contradicts the file: versions are never rewritten."""
    if stored is None:
        place.say(f"the database has later versions than {number}, but not this one")
        return
    for name in ("subject", "content", "has_unsubscribe_link"):
        ours, theirs = getattr(stored, name), getattr(wanted, name)
        if ours != theirs:
            there, here = _around_the_difference(ours, theirs)
            place.at(name).say(
                f"version {number} of {stored.name!r} says {there} in the database and {here} in the file;"
                " versions are never rewritten: add one at the end"
            )


def _limits_after(before: MessageLimits, wanted: WorldLimits) -> MessageLimits:
    given = {attribute.name: getattr(wanted, attribute.name) for attribute in fields(WorldLimits)}
    return evolve(before, **{name: value for name, value in given.items() if value is not None})


def _senders_after(
    before: Sequence[SmsSender], wanted: WorldService, new_id: NewId, place: Place
) -> tuple[SmsSender, ...]:
    senders = list(before)
    default = None
    for number, one in enumerate(wanted.sms_senders):
        known = next((sender for sender in senders if sender.text == one.text), None)
        check_id(None if known is None else known.id, one.id, place.at(number))
        sender = known or SmsSender(id=one.id or new_id(), text=one.text, is_default=False)
        if known is None:
            senders.append(sender)
        if one.is_default:
            default = sender
    return _with_default(senders, default)


def _reply_tos_after(
    before: Sequence[ReplyTo], wanted: WorldService, new_id: NewId, place: Place
) -> tuple[ReplyTo, ...]:
    reply_tos = list(before)
    default = None
    for number, one in enumerate(wanted.reply_tos):
        address = one.email_address
        known = next((reply_to for reply_to in reply_tos if reply_to.address.lower() == address.lower()), None)
        check_id(None if known is None else known.id, one.id, place.at(number))
        reply_to = known or ReplyTo(id=one.id or new_id(), address=address, is_default=False)
        if known is None:
            reply_tos.append(reply_to)
        if one.is_default:
            default = reply_to
    return _with_default(reply_tos, default)


def _with_default(several: Sequence[_Sender], wanted: _Sender | None) -> tuple[_Sender, ...]:
    """Return them with exactly one default: the one that is wanted, or the one there was, or the first."""
    chosen = wanted or next((one for one in several if one.is_default), None) or next(iter(several), None)
    return tuple(evolve(one, is_default=chosen is not None and one.id == chosen.id) for one in several)


def _around_the_difference(stored: object, wanted: object) -> tuple[str, str]:
    """Return both values as a sentence shows them, from a little before where two texts begin to differ."""
    if not isinstance(stored, str) or not isinstance(wanted, str):
        return _plainly(stored), _plainly(wanted)
    same = next(
        (n for n, (ours, theirs) in enumerate(zip(stored, wanted, strict=False)) if ours != theirs),
        min(len(stored), len(wanted)),
    )
    begin = max(0, same - _EXCERPT // 2)
    return _excerpt(stored, begin), _excerpt(wanted, begin)


def _excerpt(text: str, begin: int) -> str:
    end = begin + _EXCERPT
    return repr(("…" if begin else "") + text[begin:end] + ("…" if len(text) > end else ""))


def _plainly(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "nothing" if value is None else repr(value)
