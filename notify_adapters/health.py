"""Whether the things we depend on answer, and what state they are in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter

from attrs import frozen


@frozen(kw_only=True)
class Dependency:
    """One thing outside: whether it answered, in how many milliseconds, and what it said or why it did not."""

    name: str
    ok: bool
    milliseconds: float
    detail: str = ""


@frozen
class Health:
    """`probes` are functions by name that return a short text, or raise when the dependency does not answer."""

    probes: Mapping[str, Callable[[], str]]
    database_version: Callable[[], str | None]

    def check(self) -> list[Dependency]:
        """Probe each dependency in turn. Never raises; details hold no addresses and no secrets."""
        return [self._probe(name, probe) for name, probe in self.probes.items()]

    @staticmethod
    def _probe(name: str, probe: Callable[[], str]) -> Dependency:
        start = perf_counter()
        try:
            detail, ok = probe(), True
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer is "not well"
            detail, ok = type(error).__name__, False
        return Dependency(name=name, ok=ok, milliseconds=(perf_counter() - start) * 1000, detail=detail)
