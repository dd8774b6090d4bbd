"""Making a question set: which questions a person must judge, and keeping the judgements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path

from qa.answering import Answer
from qa.engine import QA
from qa.errors import QAError, QuestionSetError
from qa.evaluation.evaluating import BAR
from qa.evaluation.formats import beir, existing, load_questions, save_questions, table
from qa.evaluation.formats.validation import read_lines
from qa.evaluation.fuzzy_match import nearest, occurrences
from qa.evaluation.gold import Gold, check_corpus, locate
from qa.evaluation.questions import NOT_JUDGED, Place, Question, QuestionSet, brief, fingerprint
from qa.evaluation.records import Excerpt
from qa.progress import Progress, followed

_CANDIDATES = 10


@dataclass(frozen=True, slots=True)
class Pending:
    """A question that a person should judge, why, and what may answer it, the likeliest first."""

    question: Question
    reason: str
    candidates: tuple[Excerpt, ...] = ()


def read_drafts(path: str | Path) -> QuestionSet:
    """Read questions to be judged: any question set, or a `.txt` file with one a line.

    Those of a `.txt` file are not judged yet, and neither are rows of a table that have no quote
    and do not say whether they are answerable: they have the tag `NOT_JUDGED`. Errors are those
    of `load_questions`.
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
    """The questions that a person should judge; every decision is saved at once.

    A question that `out` has judged is not asked again. One that the set has judged is asked only
    where the system's answer raises a doubt, and else kept as it is.

    Args:
        qa: the corpus, and the system that proposes quotes.
        questions: the drafts, or a set to be checked.
        out: the question set that is made, a file of JSON lines; it may be there already.
        progress: called with how many questions are asked, of those not judged in `out`; it may
            raise to stop, and nothing is then kept.

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
        for question in followed(unseen, progress, **BAR):
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
        """Find words that a person typed, or the most similar ones, to be confirmed.

        Documents with a candidate come first. Nothing is decided yet: pass the excerpt to
        `accept`. A `QuestionSetError` says that nothing similar is in the corpus.
        """
        pending = [one for one in self.pending if one.question == question]
        excerpt = self._find(words, first=[e.document_id for p in pending for e in p.candidates])
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
        """Return the questions that `out` has judged."""
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
        """Keep a question as it is, or add it to the pending ones."""
        answer = None
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
            answered = f"answered with confidence {answer.confidence:.2f}"
            return f"{answered}, and the set says that the corpus does not answer it"
        try:
            gold = locate([question], self._documents.values())[question.id]
        except QuestionSetError as error:
            return error.faults[0].removeprefix(f"{brief(question.id)}: ")
        if answer.abstained:
            return "the answer is an abstention, and the set has a quote"
        if not (gold.parts or gold.relevant):
            return "the set has an answer, and no quote for it"
        return "" if _is_gold(answer, gold) else "the first quote is not the gold one"

    def _places(self, question: Question, answer: Answer | None) -> Iterator[Place]:
        """Yield what may answer: the answer's quotes, the set's, and what else was retrieved."""
        for citation in (answer.citations or answer.near) if answer else ():
            yield Place(citation.document_id, citation.start, citation.end)
        for quote in question.quotes:
            if excerpt := self._find(quote):
                yield excerpt.place
        for hit in answer.passages if answer else ():
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
    seen = Counter((question.text, question.history) for question in judged)
    taken = {question.id for question in judged}
    for question in questions:
        words = question.text, question.history
        if seen[words]:
            seen[words] -= 1
            continue
        numbered = (f"{question.id}-{number}" for number in count(2))
        id_ = next(id_ for id_ in chain([question.id], numbered) if id_ not in taken)
        taken.add(id_)
        yield replace(question, id=id_)
