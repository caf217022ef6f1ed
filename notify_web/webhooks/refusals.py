"""Why a receipt was not taken."""

from __future__ import annotations


class InvalidReceipt(ValueError):
    """The receipt lacks what is needed. `violations` are all the ways, each a sentence."""

    def __init__(self, *violations: str) -> None:
        super().__init__(*violations)
        self.violations = violations


class UnknownSender(Exception):
    """The receipt does not say who sent it, and must."""

    def __init__(self) -> None:
        super().__init__("Unauthorized: authentication token must be provided")


class UntrustedSender(Exception):
    """The receipt comes with the wrong user or password."""

    def __init__(self) -> None:
        super().__init__("Forbidden: invalid authentication token provided")
