"""What a world file says. Its classes are the one source of how files are read and of their JSON Schema.

What a file leaves out of something that exists is left as it is, so most fields may be None.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from attrs import field, frozen

from notify_core.callbacks.manage import InvalidEndpoint, NewEndpoint, check_endpoint
from notify_core.callbacks.model import CallbackKind
from notify_core.notifications.status import Status
from notify_core.services.model import (
    LONGEST_RETENTION,
    NAME_LENGTH,
    SHORTEST_RETENTION,
    SMS_SENDER_LENGTH,
    OrganisationType,
    Permission,
    WhenInDoubt,
    email_safe,
    looks_archived,
)
from notify_core.templates.write import InvalidTemplate, NewTemplate, check
from notify_core.vocabulary import Channel, KeyType
from notify_core.worlds.kinds import (
    CallbackUrl,
    Choice,
    Flag,
    Identifier,
    ListOf,
    Moment,
    Number,
    Object,
    Recipient,
    Secret,
    Text,
    of,
    present,
)

_ID = "Its id, for those who want to know it beforehand; left out, one is made."
_LIMIT = "At most so many in a day."
_KEPT = "For how many days they are kept."


@frozen(kw_only=True)
class WorldUser:
    """A person. Known by the email address, in whatever case."""

    email_address: str = field(repr=False, metadata=of(Recipient(email=True), "The person's email address."))
    name: str = field(repr=False, metadata=of(Text(longest=NAME_LENGTH), "What the person is called."))
    mobile_number: str | None = field(
        default=None, repr=False, metadata=of(Recipient(phone=True), "The person's mobile number.")
    )
    id: UUID | None = field(default=None, metadata=of(Identifier(), _ID))


@frozen(kw_only=True)
class WorldSmsSender:
    """Who texts may come from. Known by its text."""

    text: str = field(metadata=of(Text(longest=SMS_SENDER_LENGTH), "The name or number that texts come from."))
    is_default: bool = field(
        default=False,
        metadata=of(Flag(), "Whether it is the one for texts that name none. The first one, unless said."),
    )
    id: UUID | None = field(default=None, metadata=of(Identifier(), _ID))


@frozen(kw_only=True)
class WorldReplyTo:
    """Where answers to emails may go. Known by its address, in whatever case."""

    email_address: str = field(metadata=of(Recipient(email=True), "The address that answers go to."))
    is_default: bool = field(
        default=False,
        metadata=of(Flag(), "Whether it is the one for emails that name none. The first one, unless said."),
    )
    id: UUID | None = field(default=None, metadata=of(Identifier(), _ID))


@frozen(kw_only=True)
class WorldApiKey:
    """An API key. Known by its name within the service. Its type stays as it is, and so does its being revoked."""

    name: str = field(metadata=of(Text(longest=NAME_LENGTH), "What the key is called."))
    type: KeyType = field(
        default=KeyType.NORMAL,
        metadata=of(
            Choice(KeyType), "normal writes to anyone, team to the team and guest list, test to nobody really."
        ),
    )
    revoked: bool = field(default=False, metadata=of(Flag(), "Whether it has been withdrawn."))
    secret: str | None = field(
        default=None,
        repr=False,
        metadata=of(
            Secret(),
            "Its secret, for those who want to know the whole key beforehand; left out, one is made."
            " Whoever reads the file can then send: for development and tests only.",
        ),
    )


@frozen(kw_only=True)
class WorldVersion:
    """A template as it was written once. Versions are never rewritten: a change is another version."""

    content: str = field(metadata=of(Text(exact=True), "The message, with ((placeholders)) for what differs."))
    subject: str | None = field(
        default=None, metadata=of(Text(exact=True), "The subject line of an email, or the heading of a letter.")
    )
    has_unsubscribe_link: bool = field(
        default=False, metadata=of(Flag(), "Whether an email ends with a link to unsubscribe.")
    )
    created_by: str | None = field(
        default=None,
        repr=False,
        metadata=of(Recipient(email=True), "Who wrote it: the email address of one of the file's users."),
    )


@frozen(kw_only=True)
class WorldTemplate:
    """A template with its versions, the first one first. Known by its name within the service."""

    name: str = field(metadata=of(Text(longest=NAME_LENGTH), "What the template is called."))
    type: Channel = field(metadata=of(Choice(Channel), "What it is for."))
    versions: tuple[WorldVersion, ...] = field(
        metadata=of(ListOf(Object(WorldVersion)), "At least one. To change a template, add a version at the end.")
    )
    archived: bool = field(default=False, metadata=of(Flag(), "Whether it has been withdrawn, for good."))
    id: UUID | None = field(default=None, metadata=of(Identifier(), _ID))

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what makes it no template."""
        if not self.versions:
            yield "versions", "is empty; a template has at least one"
        for number, version in present(self.versions):
            try:
                check(
                    NewTemplate(
                        service_id=UUID(int=0),
                        name=self.name,
                        channel=self.type,
                        content=version.content,
                        subject=version.subject,
                        has_unsubscribe_link=version.has_unsubscribe_link,
                    )
                )
            except InvalidTemplate as error:
                key, _, problem = error.message.partition(": ")
                yield f"versions.{number}.{key}", problem


@frozen(kw_only=True)
class WorldLimits:
    """How many messages of each kind a service may send in a day."""

    sms: int | None = field(default=None, metadata=of(Number(least=0), _LIMIT))
    email: int | None = field(default=None, metadata=of(Number(least=0), _LIMIT))
    letter: int | None = field(default=None, metadata=of(Number(least=0), _LIMIT))
    international_sms: int | None = field(default=None, metadata=of(Number(least=0), _LIMIT))


@frozen(kw_only=True)
class WorldRetention:
    """For how many days the personal data of messages of each kind is kept."""

    sms: int | None = field(
        default=None, metadata=of(Number(least=SHORTEST_RETENTION, most=LONGEST_RETENTION), _KEPT)
    )
    email: int | None = field(
        default=None, metadata=of(Number(least=SHORTEST_RETENTION, most=LONGEST_RETENTION), _KEPT)
    )
    letter: int | None = field(
        default=None, metadata=of(Number(least=SHORTEST_RETENTION, most=LONGEST_RETENTION), _KEPT)
    )

    def items(self) -> Iterator[tuple[Channel, int]]:
        """Yield the channels of which it says something."""
        for channel in Channel:
            days = getattr(self, channel.value)
            if days is not None:
                yield channel, days


@frozen(kw_only=True)
class WorldReceivedText:
    """A text that somebody sent to the service. Known by all that it says, so it has no name."""

    sender: str = field(repr=False, metadata=of(Recipient(phone=True), "The number that it came from.", key="from"))
    content: str = field(repr=False, metadata=of(Text(exact=True), "What it says."))
    received_at: datetime | None = field(
        default=None,
        metadata=of(Moment(), "When it came; left out, when the file is first applied."),
    )


@frozen(kw_only=True)
class WorldCallback:
    """A URL at which the service's own program hears what happened. Known by the URL."""

    url: str = field(repr=False, metadata=of(CallbackUrl(), "Where it is called: https, or this machine."))
    bearer_token: str = field(
        repr=False,
        metadata=of(Text(), "What each call brings in its Authorization header, at least 10 characters."),
    )
    kinds: tuple[CallbackKind, ...] = field(
        default=tuple(CallbackKind), metadata=of(ListOf(Choice(CallbackKind)), "What it hears of. All, unless said.")
    )
    statuses: tuple[Status, ...] | None = field(
        default=None, metadata=of(ListOf(Choice(Status)), "Of which ends of messages it hears. All, unless said.")
    )
    channels: tuple[Channel, ...] | None = field(
        default=None,
        metadata=of(ListOf(Choice(Channel)), "Of the ends of which messages it hears. All, unless said."),
    )
    removed: bool = field(default=False, metadata=of(Flag(), "Whether it is called no more."))

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what makes it nothing that could be called."""
        several = (self.kinds, self.statuses or (), self.channels or ())
        if any(one is None for some in several for one in some):
            return  # What cannot be read has been said, and cannot be judged.
        try:
            check_endpoint(
                NewEndpoint(
                    service_id=UUID(int=0),
                    url=self.url,
                    bearer_token=self.bearer_token,
                    kinds=frozenset(self.kinds),
                    statuses=None if self.statuses is None else frozenset(self.statuses),
                    channels=None if self.channels is None else frozenset(self.channels),
                )
            )
        except InvalidEndpoint as error:
            key, _, problem = error.message.partition(": ")
            yield key, problem


@frozen(kw_only=True)
class WorldService:
    """A service, the tenant that sends, with everything that is its own. Known by its name."""

    name: str = field(metadata=of(Text(longest=NAME_LENGTH), "What the service is called."))
    id: UUID | None = field(default=None, metadata=of(Identifier(), _ID))
    archived: bool = field(
        default=False, metadata=of(Flag(), "Whether it has been archived, for good, with its templates and keys.")
    )
    trial_mode: bool | None = field(
        default=None,
        metadata=of(Flag(), "Whether it can write to its team and guest list only. It cannot, unless said."),
    )
    permissions: tuple[Permission, ...] | None = field(
        default=None, metadata=of(ListOf(Choice(Permission)), "What it may do: these and nothing else.")
    )
    prefix_sms: bool | None = field(
        default=None, metadata=of(Flag(), "Whether its texts begin with its name. They do, unless said.")
    )
    custom_email_sender_name: str | None = field(
        default=None, metadata=of(Text(longest=NAME_LENGTH), "Who its emails come from, where not its name.")
    )
    contact_link: str | None = field(default=None, metadata=of(Text(), "Where those who received a file can ask."))
    rate_limit: int | None = field(
        default=None, metadata=of(Number(least=1), "Requests a minute, for each type of key.")
    )
    limits: WorldLimits = field(
        default=WorldLimits(), metadata=of(Object(WorldLimits), "How many messages it may send in a day.")
    )
    retention_days: WorldRetention = field(
        default=WorldRetention(),
        metadata=of(Object(WorldRetention), "For how many days the personal data of its messages is kept."),
    )
    idempotent_references: bool | None = field(
        default=None,
        metadata=of(
            Flag(), "Whether a second message of the same reference is answered like the first, and not sent."
        ),
    )
    when_in_doubt: WhenInDoubt | None = field(
        default=None,
        metadata=of(
            Choice(WhenInDoubt),
            "What becomes of a message that a provider may have taken and for which no receipt comes: `resend`, "
            "which it is unless said, or `fail`.",
        ),
    )
    organisation_type: OrganisationType | None = field(
        default=None,
        metadata=of(
            Choice(OrganisationType),
            "What kind of organisation it belongs to, which decides how many texts are free each year.",
        ),
    )
    guest_list: tuple[str, ...] | None = field(
        default=None,
        repr=False,
        metadata=of(
            ListOf(Recipient(email=True, phone=True)), "Whom it may write to in trial mode: these and nobody else."
        ),
    )
    team: tuple[str, ...] | None = field(
        default=None,
        repr=False,
        metadata=of(
            ListOf(Recipient(email=True)), "The email addresses of those of the file's users who are its members."
        ),
    )
    sms_senders: tuple[WorldSmsSender, ...] = field(
        default=(),
        metadata=of(
            ListOf(Object(WorldSmsSender), "text"), "Who its texts may come from. The platform's, unless said."
        ),
    )
    reply_tos: tuple[WorldReplyTo, ...] = field(
        default=(),
        metadata=of(ListOf(Object(WorldReplyTo), "email_address"), "Where answers to its emails may go."),
    )
    api_keys: tuple[WorldApiKey, ...] = field(
        default=(), metadata=of(ListOf(Object(WorldApiKey), "name"), "How its programs prove who they are.")
    )
    templates: tuple[WorldTemplate, ...] = field(
        default=(), metadata=of(ListOf(Object(WorldTemplate), "name"), "What it writes.")
    )
    inbound_number: str | None = field(
        default=None, metadata=of(Recipient(phone=True), "The number that people text it at.")
    )
    received_texts: tuple[WorldReceivedText, ...] = field(
        default=(),
        metadata=of(ListOf(Object(WorldReceivedText)), "What people have texted it; it needs an inbound_number."),
    )

    callbacks: tuple[WorldCallback, ...] = field(
        default=(), metadata=of(ListOf(Object(WorldCallback), "url"), "Where its own programs hear what happened.")
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what makes it no service."""
        if looks_archived(self.name):
            yield "name", "is what an archived service is called; write its own name, and archived: true"
        if not email_safe(self.name):
            yield "name", "needs a letter or a digit, since the address its emails come from is made of it"
        if self.custom_email_sender_name and not email_safe(self.custom_email_sender_name):
            yield "custom_email_sender_name", "needs a letter or a digit, since an email address is made of it"
        marked = {
            "sms_senders": [str(number) for number, sender in present(self.sms_senders) if sender.is_default],
            "reply_tos": [str(number) for number, reply_to in present(self.reply_tos) if reply_to.is_default],
        }
        for key, numbers in marked.items():
            if len(numbers) > 1:
                yield key, f"{' and '.join(numbers)} are each said to be the default; choose one"
        if self.received_texts and self.inbound_number is None:
            yield "inbound_number", "is missing: received_texts came to one"


@frozen(kw_only=True)
class World:
    """Services with all that is theirs, and the people who are their members."""

    schema: str | None = field(
        default=None,
        metadata=of(Text(), "Where this schema is, for editors that help with writing.", key="$schema"),
    )
    users: tuple[WorldUser, ...] = field(
        default=(), metadata=of(ListOf(Object(WorldUser), "email_address"), "The people who are members of services.")
    )
    services: tuple[WorldService, ...] = field(
        default=(), metadata=of(ListOf(Object(WorldService), "name"), "The services.")
    )

    def user(self, email_address: str) -> tuple[int, WorldUser]:
        """Return the user of that address, with the place in the list. Raises KeyError."""
        wanted = email_address.strip().lower()
        for number, user in enumerate(self.users):
            if user.email_address.lower() == wanted:
                return number, user
        raise KeyError(wanted)
