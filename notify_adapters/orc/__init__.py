"""Facts in files of Apache ORC."""

from notify_adapters.orc.fact_files import OrcFactFiles

__all__ = ["OrcFactFiles"]
