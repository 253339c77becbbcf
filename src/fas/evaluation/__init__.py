"""Scores files, the evaluation of them, the HTML report."""
