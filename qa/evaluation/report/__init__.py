"""Runs and comparisons to read: a page in one file, or Markdown for a pull request.

page = html_report(run)  # opens in any browser, asks nothing of the network
"""

from qa.evaluation.report.markdown import markdown_comparison, markdown_summary
from qa.evaluation.report.pages import html_comparison, html_report

__all__ = ["html_comparison", "html_report", "markdown_comparison", "markdown_summary"]
