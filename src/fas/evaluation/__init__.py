"""Scores to metrics of ISO/IEC 30107-3 (`fas evaluate`), to tables, comparisons and the HTML report."""
