"""One HTML file about a replay, to be opened by a person, offline."""

from app.offline.report.changes import OtherReplay
from app.offline.report.report import Faults, Meta, write_report

__all__ = ["Faults", "Meta", "OtherReplay", "write_report"]
