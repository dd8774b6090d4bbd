"""Where the answers to a question set stand in a corpus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from qa.documents import Document
from qa.errors import QuestionSetError
from qa.evaluation.fuzzy_match import lower, nearest, occurrences
from qa.evaluation.questions import Place, Question, QuestionSet, brief, fingerprint

_NEAREST_SHOWN = 10  # faults; to look for what is nearest takes time
_MOST_PLACES = 50  # of short answers
_HEX_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Gold:
    """What answers a question, in a corpus.

    Attributes:
        parts: the parts of a full answer, and for each the places that serve, any one of them.
        relevant: documents to their grade, where documents are judged; else empty.
    """

    parts: tuple[tuple[Place, ...], ...] = ()
    relevant: Mapping[str, int] = field(default_factory=dict)


def locate(questions: Iterable[Question], documents: Iterable[Document]) -> dict[str, Gold]:
    """Find what answers each question, by the question's id.

    Each quote is a part, wherever it stands; if the question has places too, where those are.
    Without quotes, the places are the parts. Without places in this corpus, the documents that
    are judged count, and any short answer in a relevant one is the part.

    Raises:
        QuestionSetError: a quote, or a document that is named, is not in the corpus; `faults`
            has all such.
    """
    corpus = _Corpus(documents)
    faults: list[str] = []
    gold = {question.id: _gold(question, corpus, faults) for question in questions}
    if faults:
        what = "answer" if len(faults) == 1 else "answers"
        verb = "is" if len(faults) == 1 else "are"
        title = f"{len(faults):,} {what} of the question set {verb} not in the corpus"
        raise QuestionSetError(title, faults)
    return gold


def check_corpus(questions: QuestionSet, documents: Iterable[Document]) -> str | None:
    """Return a fault if a corpus is not the one that the set was made for; else None."""
    if questions.corpus is None or (here := fingerprint(documents)) == questions.corpus:
        return None
    return (
        f"{questions.name} was made for the corpus {questions.corpus[:_HEX_SHOWN]}, "
        f"and this is {here[:_HEX_SHOWN]}: what answers a question may have changed"
    )


class _Corpus:
    """Documents, found by id, or by id without its suffix where that is unambiguous."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self.documents = {document.id: document for document in documents}
        self._by_stem: dict[str, list[Document]] | None = None

    def find(self, id_: str) -> Document | None:
        """Return the document of an id; None if there is none."""
        if id_ in self.documents:
            return self.documents[id_]
        if self._by_stem is None:
            self._by_stem = self._stems()
        found = self._by_stem.get(id_, [])
        return found[0] if len(found) == 1 else None

    def _stems(self) -> dict[str, list[Document]]:
        stems: dict[str, list[Document]] = {}
        for id_, document in self.documents.items():
            folder, slash, name = id_.rpartition("/")
            stem = name.rpartition(".")[0] or name
            for known in {stem, folder + slash + stem}:
                stems.setdefault(known, []).append(document)
        return stems


def _gold(question: Question, corpus: _Corpus, faults: list[str]) -> Gold:
    """Find what answers a question, and note what is not there."""
    if not question.answerable:
        return Gold()
    missing: list[str] = []
    places: tuple[tuple[Place, ...], ...] = ()
    relevant: dict[str, int] = {}
    try:
        places = tuple(tuple(_place(one, corpus) for one in part) for part in question.places)
    except LookupError as error:
        missing.append(str(error))
    if question.quotes:
        quoted = (_quoted(quote, corpus, places) for quote in question.quotes)
        parts = list(zip(question.quotes, quoted, strict=True))
        faults += [_not_there(question, q, corpus, len(faults)) for q, part in parts if not part]
        return Gold(tuple(part for _, part in parts))
    if places:
        return Gold(places)
    try:
        relevant = _relevant(question.relevant, corpus)
    except LookupError as error:
        missing.append(str(error))
    if relevant:
        return Gold(_answered(question.answers, relevant, corpus), relevant)
    faults += [f"{brief(question.id)}: {reason}" for reason in missing[:1]]
    return Gold()


def _place(place: Place, corpus: _Corpus) -> Place:
    """Return a place with the corpus's id of its document; raise `LookupError` without one."""
    document = corpus.find(place.document_id)
    if document is None:
        raise LookupError(f"there is no document “{brief(place.document_id)}” in the corpus")
    if not 0 <= place.start < place.end <= len(document.text):
        raise LookupError(
            f"[{place.start}, {place.end}) is not a span of “{brief(document.id)}”, "
            f"which has {len(document.text):,} characters"
        )
    return place._replace(document_id=document.id)


def _relevant(judged: Iterable[tuple[str, int]], corpus: _Corpus) -> dict[str, int]:
    """Return the grades by the ids of the corpus; raise `LookupError` if a relevant one is not."""
    grades: dict[str, int] = {}
    for id_, grade in judged:
        document = corpus.find(id_)
        if document is not None:
            grades[document.id] = max(grade, grades.get(document.id, grade))
        elif grade > 0:
            raise LookupError(f"there is no document “{brief(id_)}” in the corpus")
    return grades


def _quoted(quote: str, corpus: _Corpus, places: Sequence[tuple[Place, ...]]) -> tuple[Place, ...]:
    """Return the places of a quote; where some are at `places`, those alone."""
    found = tuple(
        Place(document.id, *span)
        for document in corpus.documents.values()
        if quote in document.text  # a quick test that most documents fail
        for span in occurrences(quote, document.text)
    )
    meant = tuple(one for one in found if any(one.common(p) for part in places for p in part))
    return meant or found


def _answered(
    answers: Sequence[str], relevant: Mapping[str, int], corpus: _Corpus
) -> tuple[tuple[Place, ...], ...]:
    """Return a part with the places of short answers in the relevant documents.

    An answer that does not stand there as it is counts in upper or lower case.
    """
    texts = [(id_, corpus.documents[id_].text) for id_, grade in relevant.items() if grade > 0]
    lowered = [(id_, lower(text)) for id_, text in texts]
    found = [_in_texts(one, texts) or _in_texts(lower(one), lowered) for one in answers]
    places = tuple(dict.fromkeys(chain.from_iterable(found)))[:_MOST_PLACES]
    return (places,) if places else ()


def _in_texts(words: str, texts: Iterable[tuple[str, str]]) -> list[Place]:
    return [
        Place(id_, *span) for id_, text in texts for span in occurrences(words, text, whole=True)
    ]


def _not_there(question: Question, quote: str, corpus: _Corpus, before: int) -> str:
    message = f"{brief(question.id)}: “{brief(quote)}” is not in the corpus"
    place = nearest(quote, corpus.documents.values()) if before < _NEAREST_SHOWN else None
    if place is None:
        return message
    document = corpus.documents[place.document_id]
    where = f"{brief(document.id)} line {document.line(place.start)}"
    return f"{message}; nearest, in {where}: “{brief(document.text[place.start : place.end])}”"
