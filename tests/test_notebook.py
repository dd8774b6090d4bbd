"""What a notebook shows of results."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import html

from qa.index import update_index
from qa.loaders import load
from tests.fakes import FakeEncoder

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")

ROOT = Path(__file__).parent.parent
QUOTE = "Tickets cost <b onclick=alert(1)>five</b> $euros$."
CELLS = [
    """
from pathlib import Path
from qa import QA
from qa.answering import ExtractiveAnswerer
from qa.evaluation import Question, compare, evaluate
from qa.index import Index
from tests.fakes import FakeEncoder

encoder = FakeEncoder()
qa = QA(Index.open(Path({folder!r})), encoder, ExtractiveAnswerer(encoder, threshold=0))
""",
    'qa.ask("What do tickets cost?")',
    'qa.retrieve("What do tickets cost?")',
    'run = evaluate(qa, [Question("q", "What do tickets cost?", True, quotes=({quote!r},))]); run',
    "compare(run, run)",
    "from qa.progress import shown; list(shown(range(3)))",
]


def cells_of(table: html.HtmlElement) -> list[list[str]]:
    """Return the texts of a table's cells, by row."""
    return [[cell.text_content() for cell in row.iter("td")] for row in table.iter("tr")]


@pytest.mark.process
def test_a_notebook_shows_results_as_text_in_which_nothing_is_executed(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    documents = tmp_path / "notes.txt"
    documents.write_text(f"{QUOTE}\n\nThe museum opens at nine.\n")
    update_index(folder, load(documents), encoder=FakeEncoder())
    named = {"folder": str(folder), "quote": QUOTE}
    cells = [nbformat.v4.new_code_cell(cell.strip().format(**named)) for cell in CELLS]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(ROOT)}}).execute()

    *shown, bar = notebook.cells[1:]
    pages = [html.fromstring(cell.outputs[-1].data["text/html"]) for cell in shown]
    answer, passages, run, comparison = pages
    assert answer.text_content().startswith(f"[1] {QUOTE}\n    notes.txt, line 1, characters 0")
    assert documents.read_text().strip() in [cell.text_content() for cell in passages.iter("td")]
    assert ["quote-hit@1", "1.000", "0.025–1.000", "1"] in cells_of(run)
    same = "1.000", "1.000", "0.000", "−0.975 to +0.975", "no evidence of a difference"
    assert ["quote-hit@1", *same] in cells_of(comparison)
    assert not [output for output in bar.outputs if output.output_type == "stream"]
    for page in pages:
        assert not [element for element in page.iter() if element.get("onclick") is not None]
        assert not [
            text
            for element in page.iter()
            if "$euros$" in (text := element.text or "") and element.tag not in ("pre", "span", "b")
        ]
