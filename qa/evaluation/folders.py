"""Runs and comparisons as folders with their reports."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from qa.errors import RunError
from qa.evaluation.comparing import Comparison
from qa.evaluation.report import (
    html_comparison,
    html_report,
    markdown_comparison,
    markdown_summary,
)
from qa.evaluation.runs import Run, check_free

REPORT_PAGE = "report.html"
COMPARISON_PAGE = "comparison.html"

_IN_NAMES = str.maketrans({"/": "_", "\\": "_", ":": "_"})


def check_all_free(folders: Iterable[Path | None], *, overwrite: bool) -> None:
    """Refuse folders that runs cannot be written to, before any time is spent on them.

    Raises:
        RunError: as `Run.save`.
    """
    for folder in folders:
        if folder is not None:
            check_free(folder, overwrite=overwrite)


def keep_run(run: Run, folder: Path, *, overwrite: bool = False) -> None:
    """Write a run, and then its report, as a page and as Markdown for a pull request.

    Raises:
        RunError: the folder cannot be written, or as `Run.save`.
    """
    run.save(folder, overwrite=overwrite)
    _write(folder, REPORT_PAGE, html_report(run))
    _write(folder, "report.md", markdown_summary(run))


def keep_comparison(comparison: Comparison, folder: Path) -> None:
    """Write a comparison as a page, as Markdown for a pull request, and as JSON.

    Raises:
        RunError: the folder cannot be written.
    """
    _write(folder, COMPARISON_PAGE, html_comparison(comparison))
    _write(folder, "comparison.md", markdown_comparison(comparison))
    plain = json.dumps(comparison.to_dict(), ensure_ascii=False, indent=2)
    _write(folder, "comparison.json", f"{plain}\n")


def _write(folder: Path, name: str, text: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise RunError(f"{folder / name} cannot be written: {error.strerror}") from error


def file_name(variant: str) -> str:
    """Give the name of the folder that keeps one run of a sweep; "" if it is the only one."""
    return variant.translate(_IN_NAMES)
