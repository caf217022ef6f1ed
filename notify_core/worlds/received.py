"""The texts that a world's services have received."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from attrs import evolve, frozen

from notify_core.calendar import london_date
from notify_core.errors import Conflict
from notify_core.identifiers import NewId, uuid7
from notify_core.inbound.model import InboundNumber, PageOfTexts, ReceivedText
from notify_core.inbound.receive import national_form, sender_of
from notify_core.notifications.model import expiry_date
from notify_core.services.model import LONGEST_RETENTION, Service
from notify_core.unit_of_work import UnitOfWork
from notify_core.vocabulary import Channel, ProviderName
from notify_core.worlds.applied import Applied, Change
from notify_core.worlds.kinds import Place
from notify_core.worlds.model import WorldReceivedText, WorldService

#: Whose numbers those of world files are.
_PROVIDER = ProviderName.MMG
_PAGE = 250


@frozen
class Receptions:
    """One transaction's part of applying a world: numbers, and the texts that came to them."""

    work: UnitOfWork
    new_id: NewId
    now: datetime

    def __call__(self, service: Service, wanted: WorldService, place: Place) -> tuple[Applied, ...]:
        """Store the number and the texts that are missing; conflicts are said at `place`."""
        if wanted.inbound_number is None:
            return ()
        number = self._number(service, wanted.inbound_number, place.at("inbound_number"))
        stored = self._stored(service)
        wants = _references(service.id, wanted.received_texts)
        return tuple(
            self._text(service, number, one, stored, reference, place.at(f"received_texts.{n}"))
            for n, (one, reference) in enumerate(zip(wanted.received_texts, wants, strict=True))
        )

    def _number(self, service: Service, typed: str, place: Place) -> str:
        number = national_form(sender_of(typed))
        known = self.work.inbound.find_number(number)
        if known is None:
            new = InboundNumber(id=self.new_id(), number=number, provider=_PROVIDER, service_id=service.id)
            try:
                self.work.inbound.add_number(new)
            except Conflict:
                raise Conflict("inbound_number: the service has another in the database; write that one") from None
        elif known.service_id != service.id:
            place.say("is not this service's in the database; give it another")
        return number

    def _stored(self, service: Service) -> dict[str | None, UUID]:
        """Return the ids of all texts that the service still has, by their references."""
        found: dict[str | None, UUID] = {}
        page = PageOfTexts(service_id=service.id, days_kept=LONGEST_RETENTION, limit=_PAGE)
        while texts := self.work.inbound.list_page(page):
            found |= {text.provider_reference: text.id for text in texts}
            page = evolve(page, older_than=texts[-1].id)
        return found

    def _text(
        self,
        service: Service,
        number: str,
        wanted: WorldReceivedText,
        stored: dict[str | None, UUID],
        reference: str,
        place: Place,
    ) -> Applied:
        received_at = wanted.received_at or self.now
        expires_on = expiry_date(received_at, service.days_kept(Channel.SMS))
        if reference in stored:
            return Applied(id=stored[reference], change=Change.UNCHANGED)
        if received_at > self.now:
            place.at("received_at").say("is in the future; nobody has texted that yet")
            return Applied(id=None, change=Change.UNCHANGED)
        if expires_on <= london_date(self.now):
            return Applied(id=None, change=Change.EXPIRED)
        text = ReceivedText(
            # Texts are listed by their ids, so these begin with when the text came.
            id=uuid7(received_at, self.new_id().int),
            service_id=service.id,
            notify_number=number,
            user_number=sender_of(wanted.sender),
            content=wanted.content,
            provider=_PROVIDER,
            provider_reference=reference,
            provider_date=received_at,
            created_at=received_at,
            expires_on=expires_on,
        )
        self.work.inbound.add(text)
        return Applied(id=text.id, change=Change.CREATED)


def _references(service_id: UUID, texts: tuple[WorldReceivedText, ...]) -> list[str]:
    """Return what tells texts apart, in the place of a provider's reference.

    It is made from all that is known of a text, and from how many that are the same come before it.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    references = []
    for text in texts:
        when = text.received_at.isoformat() if text.received_at else ""
        known = (sender_of(text.sender), text.content, when)
        digest = sha256(json.dumps([str(service_id), *known, seen[known]]).encode())
        references.append(f"world-{digest.hexdigest()[:40]}")
        seen[known] += 1
    return references
