"""Runs and comparisons as folders with their reports."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from qa.errors import RunError
from qa.evaluation.comparison import Comparison
from qa.evaluation.report import (
    html_comparison,
    html_report,
    markdown_comparison,
    markdown_summary,
)
from qa.evaluation.runs import REPORT_PAGE, RUN_FILE, SUMMARY, Run, check_free, make_private

COMPARISON_PAGE = "comparison.html"
COMPARISON_DATA = "comparison.json"
_COMPARISON = {COMPARISON_PAGE, "comparison.md", COMPARISON_DATA}

_IN_NAMES = str.maketrans({"/": "_", "\\": "_", ":": "_"})


def folders_of(variants: Sequence[str], out: Path | None, *, overwrite: bool) -> list[Path | None]:
    """Return the folder of each variant's run; raise a `RunError` before time is spent on it."""
    if out is None:
        return [None for _ in variants]
    if len(variants) > 1:
        check_comparison_free(out, overwrite=overwrite)
    folders = [out / variant.translate(_IN_NAMES) for variant in variants]
    for folder, times in Counter(folders).items():
        if times > 1:
            raise RunError(f"two runs of the sweep would be kept in {folder}: run them one by one")
        check_free(folder, overwrite=overwrite)
    return list(folders)


def check_comparison_free(folder: Path, *, overwrite: bool) -> None:
    """Refuse a folder with anything but runs, and a comparison that may be overwritten."""
    there = set(folder.iterdir()) if folder.is_dir() else set()
    for path in sorted(there):
        if path.name not in _COMPARISON and not (path / RUN_FILE).is_file():
            raise RunError(f"{folder} is there and holds {path.name}: name another folder")
    if not overwrite and any(path.name in _COMPARISON for path in there):
        raise RunError(
            f"there is a comparison in {folder} already: name another folder, or --overwrite it"
        )


def runs_in(folder: Path) -> list[Path]:
    """Return the folders of the runs of a sweep, in its order; a folder that is none, as it is."""
    if (folder / RUN_FILE).exists() or not folder.is_dir():
        return [folder]
    found = {path.name: path for path in sorted(folder.iterdir()) if (path / RUN_FILE).is_file()}
    order = _order(folder)
    ranked = sorted(found, key=lambda name: order.index(name) if name in order else len(order))
    return [found[name] for name in ranked] or [folder]


def keep_run(run: Run, folder: Path, *, overwrite: bool = False) -> None:
    """Write a run, and then its report, as a page and as Markdown for a pull request."""
    run.save(folder, overwrite=overwrite)
    _write(folder, REPORT_PAGE, html_report(run))
    _write(folder, SUMMARY, markdown_summary(run))


def keep_comparison(comparison: Comparison, folder: Path, runs: Sequence[str] = ()) -> None:
    """Write a comparison as a page, as Markdown for a pull request, and as JSON.

    Of a sweep, the names of the folders of its runs are kept too, in order.
    """
    _write(folder, COMPARISON_PAGE, html_comparison(comparison))
    _write(folder, "comparison.md", markdown_comparison(comparison))
    data = comparison.to_dict() | ({"folders": list(runs)} if runs else {})
    plain = json.dumps(data, ensure_ascii=False, indent=2)
    _write(folder, COMPARISON_DATA, f"{plain}\n")


def _order(folder: Path) -> list[str]:
    """Return the folders of a sweep's runs in the order of its comparison, if it has one."""
    try:
        compared = json.loads((folder / COMPARISON_DATA).read_text(encoding="utf-8"))
        return [str(name) for name in compared["folders"]]
    except (OSError, ValueError, LookupError, TypeError):
        return []


def _write(folder: Path, name: str, text: str) -> None:
    try:
        make_private(folder)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise RunError(f"{name} cannot be written to {folder}: {error.strerror}") from error
