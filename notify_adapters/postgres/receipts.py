"""Receipts that are still to be applied, and complaints."""

# ruff: noqa: S608 - statements are put together from constants; what varies travels as parameters

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from attrs import asdict

from notify_adapters.postgres.session import Row, Session
from notify_core.notifications.model import Complaint, Notification, WaitingReceipt
from notify_core.vocabulary import Channel, ProviderName

_COLUMNS = (
    "id, provider, reference, status, code, notification_id, feedback_id, complaint_type, complained_at, received_at"
)

# A repetition of one that is just being taken waits to see whether it is: then it is a new one.
_KEEP = f"""
INSERT INTO waiting_receipts ({_COLUMNS})
VALUES (
    %(id)s, %(provider)s, %(reference)s, %(status)s, %(code)s, %(notification_id)s, %(feedback_id)s,
    %(complaint_type)s, %(complained_at)s, %(received_at)s
)
ON CONFLICT (provider, reference, status, code, feedback_id, notification_id) DO NOTHING
"""

_WAITING_AMONG = """
SELECT DISTINCT reference FROM waiting_receipts
WHERE provider = %(provider)s AND reference = ANY(%(references)s)
"""

_TAKE_OF_TEXT = f"""
DELETE FROM waiting_receipts WHERE notification_id = %(id)s AND provider <> 'ses'
RETURNING {_COLUMNS}
"""

_TAKE_OF_EMAIL = f"""
DELETE FROM waiting_receipts
WHERE provider = 'ses' AND (notification_id = %(id)s OR (provider = %(sent_by)s AND reference = %(reference)s))
RETURNING {_COLUMNS}
"""

_TAKE_ONE = f"DELETE FROM waiting_receipts WHERE id = %(id)s RETURNING {_COLUMNS}"

# What somebody is just taking is left to them.
_TRY_AGAIN = f"""
UPDATE waiting_receipts SET tried_at = %(now)s
WHERE id IN (
    SELECT id FROM waiting_receipts AS waiting
    WHERE coalesce(tried_at, received_at) < %(tried_before)s AND (
        EXISTS (SELECT FROM notifications WHERE id = waiting.notification_id)
        OR EXISTS (
            SELECT FROM notifications WHERE reference = waiting.reference AND sent_by = waiting.provider
        )
    )
    ORDER BY coalesce(tried_at, received_at), received_at, id LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
RETURNING {_COLUMNS}
"""

_DROP = """
WITH dropped AS (DELETE FROM waiting_receipts WHERE received_at < %(received_before)s RETURNING provider)
SELECT provider, count(*) AS count FROM dropped GROUP BY provider
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
        """Keep a receipt until it is applied."""
        self._session.run(_KEEP, asdict(receipt) | {"provider": receipt.provider.value})

    def waiting_among(self, provider: ProviderName, references: Collection[str]) -> frozenset[str]:
        """Return those of these references under which any receipt waits."""
        rows = self._session.rows(_WAITING_AMONG, {"provider": provider.value, "references": list(references)})
        return frozenset(row.reference for row in rows)

    def take_waiting(self, notification: Notification) -> list[WaitingReceipt]:
        """Remove and return all receipts that wait for this message, in order of arrival."""
        if notification.channel is Channel.EMAIL:
            sent_by = None if notification.sent_by is None else notification.sent_by.value
            rows = self._session.rows(
                _TAKE_OF_EMAIL, {"id": notification.id, "sent_by": sent_by, "reference": notification.reference}
            )
        else:
            rows = self._session.rows(_TAKE_OF_TEXT, {"id": notification.id})
        return sorted(map(_receipt, rows), key=lambda receipt: (receipt.received_at, receipt.id))

    def take(self, receipt_id: UUID) -> WaitingReceipt | None:
        """Remove and return one receipt."""
        row = self._session.row(_TAKE_ONE, {"id": receipt_id})
        return None if row is None else _receipt(row)

    def try_again(self, *, now: datetime, tried_before: datetime, limit: int) -> list[WaitingReceipt]:
        """Return waiting receipts whose message is known by now, longest untried first."""
        rows = self._session.rows(_TRY_AGAIN, {"now": now, "tried_before": tried_before, "limit": limit})
        return [_receipt(row) for row in rows]

    def drop(self, *, received_before: datetime) -> Mapping[ProviderName, int]:
        """Remove what has waited since before then."""
        rows = self._session.rows(_DROP, {"received_before": received_before})
        return {ProviderName(row.provider): row.count for row in rows}

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


def _receipt(row: Row) -> WaitingReceipt:
    return WaitingReceipt(
        id=row.id,
        provider=ProviderName(row.provider),
        reference=row.reference,
        status=row.status,
        code=row.code,
        notification_id=row.notification_id,
        feedback_id=row.feedback_id,
        complaint_type=row.complaint_type,
        complained_at=row.complained_at,
        received_at=row.received_at,
    )
