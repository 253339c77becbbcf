"""One HTML file about runs: no network, no script, readable on a phone and in print."""

from fas.evaluation.report.formatting import verdict
from fas.evaluation.report.page import RunReport, render_report

__all__ = ["RunReport", "render_report", "verdict"]
