"""The messages of a queue that can be received, and whose turn it is.

A standard queue at AWS is fair when its messages name their groups: while one group has many messages in people's
hands, those of quieter groups are received first. How AWS measures that is not told; here the group with the fewest
in hand goes first, and of several the one whose message has waited longest. A message without a group is a group of
its own. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING

from attrs import define, field

if TYPE_CHECKING:
    from notify_adapters.simulators.sqs.queue import Message

_Waiting = deque[tuple[int, "Message"]]


@define
class Ready:
    """Messages by group, in the order in which they came. Not `fair`: all of them as one group."""

    fair: bool
    _by_group: dict[str, _Waiting] = field(factory=dict)
    _order: count[int] = field(factory=count)

    def append(self, message: Message) -> None:
        """Put a message behind all others of its group."""
        group = message.group if self.fair else ""
        self._by_group.setdefault(group, deque()).append((next(self._order), message))

    def take(self, in_hand: Mapping[str, int], *, shuffled: bool) -> Message | None:
        """Remove and return the next message, or None. `in_hand` tells how many of each group are with receivers."""
        if not self._by_group:
            return None
        group = random.choice(list(self._by_group)) if shuffled else self._next_group(in_hand)  # noqa: S311 - no secret
        waiting = self._by_group[group]
        if shuffled:
            waiting.rotate(random.randrange(len(waiting)))  # noqa: S311 - no secret
        _, message = waiting.popleft()
        if not waiting:
            del self._by_group[group]
        return message

    def clear(self) -> None:
        """Forget all."""
        self._by_group.clear()

    def _next_group(self, in_hand: Mapping[str, int]) -> str:
        if len(self._by_group) == 1:
            return next(iter(self._by_group))
        return min(
            self._by_group, key=lambda group: (in_hand.get(group, 0) if group else 0, self._by_group[group][0][0])
        )
