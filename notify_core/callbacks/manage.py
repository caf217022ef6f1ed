"""Say where services are called back, and change it."""

from __future__ import annotations

from uuid import UUID

from attrs import evolve, field, frozen

from notify_core.api_keys.manage import NewSecret
from notify_core.callbacks.announce import promised
from notify_core.callbacks.model import SHORTEST_TOKEN, TOLD_STATUSES, CallbackKind, Endpoint
from notify_core.callbacks.ports import Caller
from notify_core.callbacks.signatures import secret_from
from notify_core.callbacks.targets import read_target
from notify_core.clock import Clock
from notify_core.errors import NotAllowed, NotFound, NotifyError
from notify_core.identifiers import NewId
from notify_core.notifications.status import Status
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel

_MOST_SECRETS = 3


class InvalidEndpoint(NotifyError):
    """An endpoint that callbacks cannot go to, or that wants nothing."""

    code = "invalid-endpoint"


@frozen(kw_only=True)
class NewEndpoint:
    """What an endpoint is to be. `statuses` and `channels` None: all of them."""

    service_id: UUID
    url: str = field(repr=False)
    bearer_token: str = field(repr=False)
    kinds: frozenset[CallbackKind]
    statuses: frozenset[Status] | None = None
    channels: frozenset[Channel] | None = None


@frozen
class AddEndpoint:
    """Have a service called back at a URL."""

    database: Database
    clock: Clock
    new_id: NewId
    new_secret: NewSecret
    caller: Caller
    loopback_allowed: bool = False

    def __call__(self, wanted: NewEndpoint) -> Endpoint:
        """Store the endpoint and return it. One of that URL is changed, and brought back if it was removed.

        Its signing secrets stay; what waits for it is sent, however long it was to be left alone.
        Raises InvalidCallbackUrl, InvalidEndpoint, or NotFound.
        """
        read_target(wanted.url, loopback_allowed=self.loopback_allowed)
        check_endpoint(wanted)
        self.caller.check(wanted.url)
        with self.database.begin() as work:
            if work.services.find(wanted.service_id) is None:
                raise NotFound(f"There is no service with id {wanted.service_id}")
            known = work.callbacks.list_endpoints(wanted.service_id)
            before = next((one for one in known if one.url == wanted.url), None)
            endpoint = endpoint_after(
                before
                or Endpoint(
                    id=self.new_id(),
                    service_id=wanted.service_id,
                    url=wanted.url,
                    bearer_token=wanted.bearer_token,
                    secrets=(new_signing_secret(self.new_secret),),
                    kinds=wanted.kinds,
                    created_at=self.clock(),
                ),
                wanted,
            )
            work.callbacks.save_endpoint(endpoint)
            now = self.clock()
            at = work.callbacks.promise(endpoint.id, now=now)
            if at is not None:
                work.outbox.add(
                    [promised(endpoint.id, endpoint.service_id, entry_id=self.new_id(), at=at, ailing=True)]
                )
            work.commit()
        return endpoint


def endpoint_after(before: Endpoint, wanted: NewEndpoint) -> Endpoint:
    """Return the endpoint as it is wanted, in use."""
    return evolve(
        before,
        bearer_token=wanted.bearer_token,
        kinds=wanted.kinds,
        statuses=wanted.statuses,
        channels=wanted.channels,
    ).revived()


def check_endpoint(wanted: NewEndpoint) -> None:
    """Raise InvalidEndpoint when nothing would ever be told there, or the token will not do."""
    if len(wanted.bearer_token) < SHORTEST_TOKEN:
        raise InvalidEndpoint(f"bearer_token: has fewer than {SHORTEST_TOKEN} characters; use a longer one")
    if not (wanted.bearer_token.isascii() and wanted.bearer_token.isprintable()) or " " in wanted.bearer_token:
        raise InvalidEndpoint("bearer_token: holds a character that no header can; use letters, digits and -._~+/=")
    if not wanted.kinds:
        raise InvalidEndpoint(f"kinds: is empty; choose of {', '.join(CallbackKind)}")
    if wanted.statuses is not None and (strange := wanted.statuses - TOLD_STATUSES):
        raise InvalidEndpoint(
            f"statuses: {', '.join(sorted(strange))} is never told; choose of {', '.join(sorted(TOLD_STATUSES))}"
        )
    if wanted.channels is not None and Channel.LETTER in wanted.channels:
        raise InvalidEndpoint("channels: of letters no status is told; choose of email, sms")
    for name, several in (("statuses", wanted.statuses), ("channels", wanted.channels)):
        if several is not None and not several:
            raise InvalidEndpoint(f"{name}: is empty, so that nothing is wanted; leave it out to hear of all")


def new_signing_secret(new_secret: NewSecret) -> str:
    """Make a secret for signatures: 32 bytes, of more randomness than anybody guesses."""
    return secret_from(new_secret() + new_secret())


@frozen
class ListEndpoints:
    """Where services are called back."""

    database: Database

    def __call__(self, service_id: UUID | None = None) -> list[Endpoint]:
        """Return the endpoints of a service, or of all, oldest first; those that are off, too."""
        with self.database.statement() as work:
            return work.callbacks.list_endpoints(service_id)


@frozen
class RotateSecret:
    """Give an endpoint a new signing secret, beside the ones it has; or have only the newest count."""

    database: Database
    new_secret: NewSecret

    def __call__(self, endpoint_id: UUID, *, finish: bool = False) -> Endpoint:
        """Return the endpoint, whose secrets are newest first. Raises NotFound, or NotAllowed for a fourth secret.

        Calls are signed with all secrets, so that the service can go over to the new one whenever it likes.
        """
        with self.database.begin() as work:
            before = work.callbacks.find_endpoint(endpoint_id)
            if before is None:
                raise NotFound(f"There is no endpoint with id {endpoint_id}")
            if not finish and len(before.secrets) >= _MOST_SECRETS:
                raise NotAllowed(f"The endpoint has {_MOST_SECRETS} secrets already: finish the rotation first")
            secrets = before.secrets[:1] if finish else (new_signing_secret(self.new_secret), *before.secrets)
            after = evolve(before, secrets=secrets)
            work.callbacks.save_endpoint(after)
            work.commit()
        return after


@frozen
class RemoveEndpoint:
    """Have a service no longer called back at a URL."""

    database: Database

    def __call__(self, endpoint_id: UUID) -> int:
        """Switch the endpoint off and return how many waiting callbacks were abandoned. Raises NotFound.

        What was told stays listed; adding the URL again brings the endpoint back, and `recover` what was abandoned.
        """
        with self.database.begin() as work:
            if work.callbacks.find_endpoint(endpoint_id) is None:
                raise NotFound(f"There is no endpoint with id {endpoint_id}")
            abandoned = work.callbacks.switch_off(endpoint_id)
            work.commit()
        return abandoned
