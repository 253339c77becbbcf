"""One HTML file about runs: no network, no script, readable on a phone and in print."""

from fas.evaluation.report.page import RunReport, render_report
from fas.evaluation.report.words import verdict

__all__ = ["RunReport", "render_report", "verdict"]
