"""Fetch a letter as it was printed."""

from __future__ import annotations

from typing import NoReturn
from uuid import UUID

from attrs import frozen

from notify_core.errors import InvalidContent, NotFound
from notify_core.notifications.status import Status
from notify_core.unit_of_work import Database
from notify_core.vocabulary import Channel


class NoPdf(InvalidContent):
    """The message is no letter, or one that will never have a PDF."""

    code = "no-pdf"


class PdfNotReady(InvalidContent):
    """The letter's PDF has not been made yet."""

    code = "pdf-not-ready"

    def __init__(self) -> None:
        super().__init__("PDF not available yet, try again later")


@frozen
class FindLetterPdf:
    """The PDF of a letter. No letters are printed yet, so that there is none to be found; this says why not."""

    database: Database

    def __call__(self, service_id: UUID, notification_id: UUID) -> NoReturn:
        """Raise NotFound, NoPdf, or PdfNotReady."""
        with self.database.statement() as work:
            message = work.notifications.find(service_id, notification_id)
        if message is None:
            raise NotFound("No result found")
        if message.notification.channel is not Channel.LETTER:
            raise NoPdf("Notification is not a letter")
        match message.notification.status:
            case Status.VIRUS_SCAN_FAILED:
                raise NoPdf("File did not pass the virus scan")
            case Status.TECHNICAL_FAILURE:
                raise NoPdf("PDF not available for letters in status technical-failure")
            case _:
                raise PdfNotReady
