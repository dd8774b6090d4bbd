"""Making a question set of one's own: what is to be judged, and keeping what was judged.

It knows nothing of how the questions are shown: `qa.cli.review` is one way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from tqdm.auto import tqdm

from qa.answering import Answer
from qa.engine import QA
from qa.errors import QAError, QuestionSetError
from qa.evaluation.formats import beir, existing, load_questions, save_questions, table
from qa.evaluation.formats.validation import read_lines
from qa.evaluation.fuzzy_match import nearest, occurrences
from qa.evaluation.gold import Gold, check_corpus, locate
from qa.evaluation.questions import NOT_JUDGED, Place, Question, QuestionSet, brief, fingerprint
from qa.evaluation.records import Excerpt
from qa.progress import Progress, counted

_CANDIDATES = 10


@dataclass(frozen=True, slots=True)
class Pending:
    """A question that a person should judge.

    Attributes:
        question: which.
        reason: why it is asked, in a few words.
        candidates: what may answer it, the likeliest first; a person counts them from 1.
    """

    question: Question
    reason: str
    candidates: tuple[Excerpt, ...] = ()


def read_drafts(path: str | Path) -> QuestionSet:
    """Read questions to be judged: any question set, or a `.txt` file with one a line.

    Those of a `.txt` file are not judged yet, and neither are rows of a table that have no quote
    and do not say whether they are answerable: they have the tag `NOT_JUDGED`.

    Raises:
        QuestionSetError: as `load_questions`.
    """
    path = existing(path)
    if path.suffix.lower() == ".txt" and path.is_file():
        lines = [line.strip() for _, line in read_lines(path)]
        if not lines:
            raise QuestionSetError(f"{path} has no questions in it: write one a line")
        questions = (
            Question(f"q{number}", line, answerable=False, tags=(NOT_JUDGED,))
            for number, line in enumerate(lines, 1)
        )
        return QuestionSet(path.stem, tuple(questions))
    if path.suffix.lower() in (".csv", ".tsv") and path.is_file() and not beir.is_qrels(path):
        return table.read(path, drafts=True)
    return load_questions(path)


class Review:
    """Goes through the questions that a person should judge, and keeps every decision at once.

    What is judged in `out` is not asked again. What the set has judged is asked only where the
    system raises a doubt, and else taken over as it is.

    Args:
        qa: the corpus, and the system that proposes quotes.
        questions: the drafts, or a set to be checked.
        out: the question set that is made, a file of JSON lines; it may be there already.
        progress: told how many questions are asked, of those not judged in `out`; it may raise
            to stop, and nothing is then kept.

    Raises:
        QuestionSetError: `out` cannot be used: it is of another kind, cannot be read or written,
            or is about another corpus.
    """

    def __init__(
        self,
        qa: QA,
        questions: QuestionSet,
        out: str | Path,
        *,
        progress: Progress | None = None,
    ) -> None:
        self.out = Path(out).expanduser()
        self.pending: list[Pending] = []
        self._qa = qa
        self._documents = {id_: qa.index.document(id_) for id_ in qa.index.document_ids()}
        self._corpus = fingerprint(self._documents.values())
        self._name: str | None = None
        self._judged = {question.id: question for question in self._resumed()}
        before = len(self._judged)
        unseen = list(_unseen(questions, list(self._judged.values())))
        self._order = [*self._judged, *(question.id for question in unseen)]
        asking = counted(unseen, progress)
        for question in tqdm(
            asking, "asking", len(unseen), unit=" questions", delay=1, disable=None
        ):
            self._sort_in(question)
        if len(self._judged) > before:
            self._save()

    @property
    def judged(self) -> int:
        """How many questions the set has that is made."""
        return len(self._judged)

    def accept(self, question: Question, excerpts: Sequence[Excerpt]) -> None:
        """Take excerpts as the quotes that answer a question, each a part of the full answer."""
        if not excerpts:
            raise ValueError("without an excerpt, nothing is accepted")
        quotes = tuple(dict.fromkeys(excerpt.text for excerpt in excerpts))
        self._decide(replace(question, answerable=True, quotes=quotes, places=(), relevant=()))

    def accept_words(self, question: Question, words: str) -> Excerpt:
        """Find words that a person typed, or what is most like them, to be confirmed.

        Where they stand in several documents, it is in one with a candidate. Nothing is decided
        by this: hand the excerpt to `accept`.

        Raises:
            QuestionSetError: nothing like it is in the corpus.
        """
        candidates = [one.candidates for one in self.pending if one.question == question]
        excerpt = self._find(words, first=[e.document_id for some in candidates for e in some])
        if excerpt is None:
            raise QuestionSetError(f"nothing like “{brief(words)}” is in the corpus")
        return excerpt

    def unanswerable(self, question: Question) -> None:
        """Judge that the corpus does not answer a question."""
        nothing = replace(question, quotes=(), answers=(), places=(), relevant=())
        self._decide(replace(nothing, answerable=False))

    def keep(self, question: Question) -> None:
        """Leave a question as the set has it, which must have judged it."""
        if NOT_JUDGED in question.tags:
            raise ValueError(f"question {question.id!r} is not judged, so there is nothing to keep")
        self._decide(question)

    def skip(self, question: Question) -> None:
        """Leave a question for another time: it is not in the set that is made."""
        self.pending = [one for one in self.pending if one.question.id != question.id]

    def line(self, excerpt: Excerpt) -> int:
        """Return the line that an excerpt starts in."""
        return self._documents[excerpt.document_id].line(excerpt.start)

    def _decide(self, question: Question) -> None:
        tags = tuple(tag for tag in question.tags if tag != NOT_JUDGED)
        self._judged[question.id] = replace(question, tags=tags)
        self._save()
        self.skip(question)

    def _save(self) -> None:
        judged = [self._judged[id_] for id_ in self._order if id_ in self._judged]
        save_questions(self.out, judged, corpus=self._corpus, name=self._name)

    def _resumed(self) -> tuple[Question, ...]:
        """Return what was judged before."""
        if self.out.suffix.lower() not in (".jsonl", ".ndjson"):
            raise QuestionSetError(f"{self.out} is to be JSON lines: name a file in .jsonl")
        if not self.out.exists():
            if not self.out.parent.is_dir():
                raise QuestionSetError(f"{self.out} cannot be written: its folder is not there")
            return ()
        before = load_questions(self.out)
        if reason := check_corpus(before, self._documents.values()):
            raise QuestionSetError(f"{self.out} cannot be gone on with: {reason}")
        try:
            locate(before, self._documents.values())
        except QuestionSetError as error:
            raise QuestionSetError(f"{self.out} is about another corpus", error.faults) from error
        self._name = before.name if before.name != self.out.stem else None
        return before.questions

    def _sort_in(self, question: Question) -> None:
        """Take a question over as it is, or put it with those that are pending."""
        answer: Answer | None = None
        try:
            answer = self._qa.ask(question.text, history=question.history)
            reason = self._doubt(question, answer)
        except QAError as error:
            reason = f"it cannot be asked: {error}"
        if not reason:
            self._judged[question.id] = question
            return
        excerpts = dict.fromkeys(self._excerpt(place) for place in self._places(question, answer))
        self.pending.append(Pending(question, reason, tuple(excerpts)[:_CANDIDATES]))

    def _doubt(self, question: Question, answer: Answer) -> str:
        """Return why a person should judge a question; "" if there is no need."""
        if NOT_JUDGED in question.tags:
            return "not judged yet"
        if not question.answerable:
            if answer.abstained:
                return ""
            told = f"answered with confidence {answer.confidence:.2f}"
            return f"{told}, and the set says that the corpus does not say"
        try:
            gold = locate([question], self._documents.values())[question.id]
        except QuestionSetError as error:
            return error.faults[0].removeprefix(f"{brief(question.id)}: ")
        if answer.abstained:
            return "the answer is an abstention, and the set has a quote"
        return "" if _is_gold(answer, gold) else "the first quote is not the gold one"

    def _places(self, question: Question, answer: Answer | None) -> Iterator[Place]:
        """Yield what may answer: the answer's quotes, the set's, and what else was retrieved."""
        if answer is not None:
            for citation in answer.citations or answer.near:
                yield Place(citation.document_id, citation.start, citation.end)
        for quote in question.quotes:
            if excerpt := self._find(quote):
                yield excerpt.place
        if answer is not None:
            for hit in answer.passages:
                for sentence in hit.passage.sentences:
                    yield Place(hit.passage.document_id, *sentence)

    def _find(self, words: str, first: Iterable[str] = ()) -> Excerpt | None:
        """Return where words stand, in one of the `first` documents if they do, or the nearest."""
        words = words.strip()
        for id_ in (*first, *self._documents) if words else ():
            for span in occurrences(words, self._documents[id_].text, whole=True):
                return self._excerpt(Place(id_, *span))
        place = nearest(words, self._documents.values())
        return self._excerpt(place) if place else None

    def _excerpt(self, place: Place) -> Excerpt:
        text = self._documents[place.document_id].text[place.start : place.end]
        return Excerpt(*place, text)


def _is_gold(answer: Answer, gold: Gold) -> bool:
    """Return whether the first quote is one, or where none is known, in a relevant document."""
    first = answer.citations[0]
    place = Place(first.document_id, first.start, first.end)
    if gold.parts:
        return any(place.common(one) for part in gold.parts for one in part)
    return gold.relevant.get(place.document_id, 0) > 0


def _unseen(questions: Iterable[Question], judged: Sequence[Question]) -> Iterator[Question]:
    """Yield the questions that are not judged, each with an id that no other has.

    They are known by their words and not by their ids, which shift when a line is put in.
    """
    seen = _by_words(judged)
    taken = {question.id for question in judged}
    for words, question in _by_words(questions).items():
        if words not in seen:
            id_ = _free(question.id, taken)
            taken.add(id_)
            yield replace(question, id=id_)


def _by_words(questions: Iterable[Question]) -> dict[tuple[str, tuple[str, ...], int], Question]:
    """Return questions by their words; those that are asked twice are counted."""
    times: Counter[tuple[str, tuple[str, ...]]] = Counter()
    found = {}
    for question in questions:
        words = (question.text, question.history)
        times[words] += 1
        found[(*words, times[words])] = question
    return found


def _free(id_: str, taken: set[str]) -> str:
    if id_ not in taken:
        return id_
    return next(new for number in count(2) if (new := f"{id_}-{number}") not in taken)
