"""What can be wrong with a message once its values are known, as far as a row of a spreadsheet can tell."""

from __future__ import annotations

from typing import NamedTuple


class MessageProblems(NamedTuple):
    """What is wrong with one message. A tuple, since a file makes a hundred thousand of them."""

    too_long: bool = False
    empty: bool = False
    qr_code_too_long: bool = False


NO_PROBLEMS = MessageProblems()
