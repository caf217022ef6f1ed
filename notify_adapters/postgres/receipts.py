"""Receipts that came too early, and complaints."""

from __future__ import annotations

from collections.abc import Sequence

from notify_adapters.postgres.session import Session
from notify_core.notifications.model import Complaint, WaitingReceipt
from notify_core.notifications.status import Status
from notify_core.vocabulary import ProviderName

_KEEP = """
INSERT INTO waiting_receipts (provider, reference, status, received_at)
VALUES (%(provider)s, %(reference)s, %(status)s, %(received_at)s)
ON CONFLICT DO NOTHING
"""

_TAKE = """
DELETE FROM waiting_receipts
WHERE provider = %(provider)s AND reference = ANY(%(references)s)
RETURNING reference, status, received_at
"""

_ADD_COMPLAINT = """
INSERT INTO complaints (id, notification_id, service_id, feedback_id, complaint_type, complained_at)
VALUES (
    %(id)s, %(notification_id)s, %(service_id)s, %(feedback_id)s, %(complaint_type)s, %(complained_at)s
)
ON CONFLICT (notification_id, feedback_id) DO NOTHING
RETURNING id
"""


class PostgresReceipts:
    """Implements `ReceiptRepository`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def keep_waiting(self, receipt: WaitingReceipt) -> None:
        """Keep a receipt whose message is not known yet."""
        self._session.run(
            _KEEP,
            {
                "provider": receipt.provider.value,
                "reference": receipt.reference,
                "status": receipt.status.value,
                "received_at": receipt.received_at,
            },
        )

    def take_waiting(self, provider: ProviderName, references: Sequence[str]) -> list[WaitingReceipt]:
        """Remove and return the receipts waiting under these references, oldest first."""
        rows = self._session.rows(_TAKE, {"provider": provider.value, "references": list(references)})
        taken = [
            WaitingReceipt(
                provider=provider,
                reference=row.reference,
                status=Status(row.status),
                received_at=row.received_at,
            )
            for row in rows
        ]
        return sorted(taken, key=lambda receipt: receipt.received_at)

    def add_complaint(self, complaint: Complaint) -> bool:
        """Store a complaint, once."""
        row = self._session.row(
            _ADD_COMPLAINT,
            {
                "id": complaint.id,
                "notification_id": complaint.notification_id,
                "service_id": complaint.service_id,
                "feedback_id": complaint.feedback_id,
                "complaint_type": complaint.complaint_type,
                "complained_at": complaint.complained_at,
            },
        )
        return row is not None
