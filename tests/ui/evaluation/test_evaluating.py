"""Evaluations in the background, with an encoder that needs no model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa import QA, Document, QAError
from qa.answering import DEFAULT_TENTATIVE, ExtractiveAnswerer
from qa.evaluation import Question, QuestionSet, evaluate
from qa.index import Index, update_index
from tests.fakes import FakeEncoder
from tests.ui.uploading import VISITOR, sent, visiting
from ui.chat.user_documents import AllUserDocuments
from ui.evaluation.evaluating import read_questions, run_of, shipped_questions
from ui.evaluation.history import AllRuns
from ui.evaluation.tab import Handlers
from ui.visitors.uploads import Upload, Uploads

SET = QuestionSet(
    "mine",
    (
        Question("a", "What do tickets cost?", True, ("five euros",)),
        Question("b", "When does the museum opens?", True, ("at nine",)),
        Question("c", "Zebra quagga okapi?", False),
    ),
)


@pytest.fixture
def museum(tmp_path: Path) -> Iterator[QA]:
    encoder = FakeEncoder()
    documents = [
        Document("tickets", "Tickets cost five euros."),
        Document("hours", "The museum opens at nine."),
    ]
    update_index(tmp_path / "index", documents, encoder=encoder)
    index = Index.open(tmp_path / "index")
    with QA(index, encoder, ExtractiveAnswerer(encoder, threshold=0.1)) as qa:
        yield qa


def ignore(done: int, total: int) -> None:
    pass


class TestRuns:
    def test_the_figures_are_those_of_evaluate(self, museum: QA) -> None:
        run = run_of(museum, SET, threshold=0.1, tentative=0.1, top_k=1, progress=ignore)
        plain = evaluate(museum, SET, top_k=1)
        assert {n: f for n, f in run.figures.items() if "seconds" not in n} == {
            n: f for n, f in plain.figures.items() if "seconds" not in n
        }
        assert run.name == "mine: tentative below 0.1, abstains below 0.1, 1 passage"

    @pytest.mark.model
    def test_the_page_and_the_command_line_measure_the_same_to_the_last_digit(self) -> None:
        with QA.open() as qa:
            questions = shipped_questions(qa)
            assert questions is not None
            some = questions[:4]
            on_page = run_of(qa, some, threshold=0.65, tentative=0.35, top_k=8, progress=ignore)
        with QA.open() as qa:
            by_command = evaluate(qa, some, top_k=8)
        assert [r.confidence for r in on_page.records] == [r.confidence for r in by_command.records]

    def test_settings_are_those_of_the_run_alone(self, museum: QA) -> None:
        run = run_of(museum, SET, threshold=1.0, tentative=1.0, top_k=2, progress=ignore)
        assert run.settings["threshold"] == 1.0
        assert run.settings["top_k"] == 2
        assert all(record.abstained for record in run.records)
        assert isinstance(museum.answerer, ExtractiveAnswerer)
        assert (museum.answerer.threshold, museum.answerer.tentative) == (0.1, DEFAULT_TENTATIVE)


class TestQuestionSets:
    def test_one_on_the_corpus_is_read(self, museum: QA, tmp_path: Path) -> None:
        path = tmp_path / "0f1e.csv"
        path.write_text("question,answerable,quote\nWhat do tickets cost?,true,five euros\n")
        questions = read_questions(museum, Upload(path, "mine.csv"))
        assert questions.name == "mine"
        assert [question.text for question in questions] == [SET[0].text]

    @pytest.mark.parametrize(
        ("name", "text", "reason"),
        [
            ("mine.txt", "Who?", "cannot be read as a question set"),
            ("mine.jsonl", "{", "not JSON"),
            ("mine.csv", "question,answerable,quote\nWho?,true,six euros\n", "not in the corpus"),
            (
                "mine.jsonl",
                '{"corpus": "%s"}\n{"id": "a", "question": "Who?", "answerable": false}'
                % ("0" * 64),
                "was made for the corpus 0000",
            ),
        ],
    )
    def test_one_that_cannot_be_asked_is_refused_before_any_is_asked(
        self, museum: QA, tmp_path: Path, name: str, text: str, reason: str
    ) -> None:
        path = tmp_path / f"0f1e{Path(name).suffix}"
        path.write_text(text)
        with pytest.raises(QAError, match=reason) as caught:
            read_questions(museum, Upload(path, name))
        assert "0f1e" not in str(caught.value)

    def test_the_shipped_one_is_offered_on_the_essay_alone(
        self, museum: QA, essay: Document, tmp_path: Path
    ) -> None:
        assert shipped_questions(museum) is None
        for document, offered in ((essay, True), (Document("essay.txt", "Another."), False)):
            encoder = FakeEncoder()
            folder = tmp_path / str(offered)
            update_index(folder, [document], encoder=encoder)
            with QA(Index.open(folder), encoder) as qa:
                assert (shipped_questions(qa) is not None) is offered


class TestTab:
    @pytest.fixture
    def uploads(self, tmp_path: Path) -> Uploads:
        return Uploads(tmp_path)

    @pytest.fixture
    def own(self, museum: QA, tmp_path: Path) -> Iterator[AllUserDocuments]:
        with AllUserDocuments(museum, tmp_path) as documents:
            yield documents

    @pytest.fixture
    def tab(
        self, museum: QA, own: AllUserDocuments, tmp_path: Path, uploads: Uploads
    ) -> Iterator[Handlers]:
        with AllRuns(tmp_path) as runs:
            yield Handlers(museum, "the museum", own, runs, uploads)

    def test_a_set_that_was_sent_is_read_for_its_visitor_alone(
        self, tab: Handlers, uploads: Uploads
    ) -> None:
        rows = b"question,answerable,quote\nWhat do tickets cost?,true,five euros\n"
        file = {"file": {"token": sent(uploads, "mine.csv", rows)}}
        _, told, *_ = tab.begin(None, file, visiting("b" * 32))
        assert "A file is no longer here" in told
        session, *_ = tab.begin(None, file, visiting(VISITOR))
        assert session.questions.name == "mine"

    def test_why_a_set_could_not_be_sent_is_told(self, tab: Handlers) -> None:
        _, told, *_ = tab.begin(None, {"error": "<b>.csv could not be sent"}, visiting(VISITOR))
        assert "&lt;b&gt;.csv could not be sent" in told

    @pytest.mark.parametrize("value", [{"file": "/etc/passwd"}, {"file": {"path": "x"}}, "x", [1]])
    def test_what_is_no_set_gets_one_sentence(self, tab: Handlers, value: object) -> None:
        session, told, *_ = tab.begin(None, value, visiting(VISITOR))
        assert "The page sent what cannot be read" in told
        assert session.questions is None

    def test_own_documents_are_evaluated_as_they_were_at_the_start(
        self, tab: Handlers, own: AllUserDocuments, uploads: Uploads, tmp_path: Path
    ) -> None:
        path = tmp_path / "gate.txt"
        path.write_text("The northern gate was painted red in 1902.")
        mine = own.new()
        mine.add(Upload(path, "gate.txt"))
        rows = b"question,answerable,quote\nWhen was the gate painted?,true,in 1902\n"
        file = {"token": sent(uploads, "mine.csv", rows)}
        asked = {"file": file, "own": True, "token": mine.token}
        session, *_ = tab.begin(None, asked, visiting(VISITOR))
        mine.remove("gate.txt")
        *_, (said, told, *_) = tab.run(session, 0.0, 0.0, 8, visiting(VISITOR))
        assert "1 question asked" in said
        runs = tab._all_runs.find(told["token"])
        assert runs.find(told["run"]).corpus == "Your documents"
        assert "1 of 1 right" in runs.find(told["run"]).figures
        assert session.asked is None

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            ({"own": True, "token": "x"}, "Your documents are no longer here"),
            ({"own": True}, "Your documents are no longer here"),
            ({}, "No question set is chosen"),
            ({"own": "yes"}, "The page sent what cannot be read"),
            ({"runs": "x" * 200}, "The page sent what cannot be read"),
        ],
    )
    def test_what_cannot_be_evaluated_gets_one_sentence(
        self, tab: Handlers, given: object, told: str
    ) -> None:
        session, said, *_ = tab.begin(None, given, visiting(VISITOR))
        assert told in said
        assert not session.busy
        assert not tab._all_runs._entries
