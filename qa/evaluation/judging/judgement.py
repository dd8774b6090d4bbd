"""The answers of any system, judged by the documents, and by gold where there is some."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from qa.answering.statements import Statement
from qa.documents import Document
from qa.errors import AnswerFileError, QuestionSetError
from qa.evaluation.environment import machine
from qa.evaluation.gold import check_corpus, locate
from qa.evaluation.judging.answers import AnyAnswer
from qa.evaluation.judging.by_gold import Judge as JudgeByGold
from qa.evaluation.judging.matching import Corpus
from qa.evaluation.judging.sentences import Judge, Judged, Kind
from qa.evaluation.judging.support import SupportJudge
from qa.evaluation.measures.quoting import quote_facts
from qa.evaluation.questions import Place, Question, QuestionSet, brief, fingerprint
from qa.evaluation.records import Record, Retrieved
from qa.evaluation.runs import Figure, Run, figures, figures_by_tag
from qa.schemas import format_of

NOT_IN_DOCUMENTS = "not in the documents"
"""What stands for the document of a context that is in none."""


@dataclass(frozen=True, slots=True)
class JudgedAnswer:
    """An answer with what was found of it.

    Attributes:
        answer: what was judged.
        judged: its sentences, and what is nowhere in the documents.
        contexts: where each context stands, None for one that stands nowhere; None if it has none.
        figures: its citation precision and recall and the like, where its question has gold.
    """

    answer: AnyAnswer
    judged: Judged
    contexts: tuple[Place | None, ...] | None
    figures: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        contexts = None
        if self.contexts is not None:
            contexts = [one and one._asdict() for one in self.contexts]
        return {
            "id": self.answer.id,
            "question": self.answer.question,
            "answer": self.answer.text,
            **self.judged.to_dict(),
            "contexts": contexts,
            "figures": dict(self.figures),
        }


@dataclass(frozen=True, slots=True)
class Judgement:
    """Judged answers.

    Attributes:
        answers: in the order of the file.
        run: their figures against a question set, as a run that can be compared; None without.
    """

    answers: tuple[JudgedAnswer, ...]
    run: Run | None = None

    @property
    def sentences(self) -> Counter[Kind]:
        """How many sentences are quotes, parts of a sentence, and in own words."""
        return Counter(one.kind for answer in self.answers for one in answer.judged.sentences)

    @property
    def not_there(self) -> Counter[str]:
        """How many quotations, and how many numbers, are in no document."""
        return Counter(one.kind for answer in self.answers for one in answer.judged.not_there)

    @property
    def supported(self) -> Counter[bool]:
        """How many sentences their answer's contexts support, and how many they do not."""
        every = (one for answer in self.answers for one in answer.judged.sentences)
        return Counter(one.verdict == "supported" for one in every if one.verdict)

    @property
    def without_contexts(self) -> int:
        """How many answers have no contexts, so that their support is not scored."""
        return sum(one.answer.contexts is None and bool(one.answer.text) for one in self.answers)

    @property
    def figures(self) -> dict[str, Figure]:
        """The figures against the question set."""
        return dict(self.run.figures) if self.run else {}

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "format": format_of("judgement"),
            "sentences": dict(self.sentences),
            "not_there": dict(self.not_there),
            "figures": {name: figure.to_dict() for name, figure in self.figures.items()},
            "notes": list(self.run.settings["notes"]) if self.run else [],
            "answers": [answer.to_dict() for answer in self.answers],
        }


def judge_answers(
    answers: Sequence[AnyAnswer],
    documents: Iterable[Document],
    questions: QuestionSet | None = None,
    *,
    name: str = "answers",
    any_corpus: bool = False,
    seed: int = 0,
    support: bool = False,
) -> Judgement:
    """Hold answers against documents, and against gold if a question set is given.

    An answer belongs to the question of its id, or else to that of its words. A question
    of the set without an answer is missed. With `support`, the sentences of each answer that has
    contexts, and does not abstain, are scored against these, by a network.

    Raises:
        AnswerFileError: no answer belongs to the set, or two belong to one question.
        QuestionSetError: the set was made for other documents, or its gold is not in them.
    """
    corpus = Corpus(documents)
    judge = Judge(corpus)
    by_contexts = SupportJudge() if support else None
    judged = tuple(
        JudgedAnswer(answer, _judged(answer, judge, by_contexts), _located(answer, corpus))
        for answer in answers
    )
    if questions is None:
        return Judgement(judged)
    mismatch = check_corpus(questions, corpus.documents)
    if mismatch and not any_corpus:
        raise QuestionSetError(f"{mismatch}; name its documents, or add --any-corpus")
    matched = _matched(answers, questions)
    by_question = {question: judged[number] for question, number in matched.items()}
    unknown = _unknown([*by_question.values()])
    asked = [one for one in questions if one.answerable or "abstention" not in unknown]
    asked = asked or list(questions)
    gold = JudgeByGold(corpus.by_id, locate(asked, corpus.documents), lambda _: ())
    records = tuple(_record(gold, judge, one, by_question.get(one.id), unknown) for one in asked)
    notes = [*filter(None, [mismatch]), *_notes(judged, matched, questions, asked)]
    if (without := Judgement(judged).without_contexts) and support:
        notes.append(f"answers without contexts, whose support is not scored: {without:,}")
    about = {"question_set": questions.name, "questions": len(asked), "seed": seed}
    run = Run(
        name,
        about | _about(corpus) | {"notes": notes},
        records,
        figures(records, seed=seed),
        figures_by_tag(records, seed=seed),
    )
    of_each = _of_each(records)
    by_number = {number: of_each.get(question, {}) for question, number in matched.items()}
    numbered = enumerate(judged)
    return Judgement(
        tuple(replace(one, figures=by_number.get(number, {})) for number, one in numbered), run
    )


def _judged(answer: AnyAnswer, judge: Judge, support: SupportJudge | None) -> Judged:
    judged = judge.judge(answer.text)
    if support is None or answer.contexts is None or answer.abstained:
        return judged
    return support.judge(judged, answer.text, answer.contexts)


def _statements(judged: Judged) -> tuple[Statement, ...] | None:
    """Return the sentences whose support was judged; None if none was."""
    found = [
        Statement(one.text, (), one.support or 0.0, one.verdict, one.wrong)
        for one in judged.sentences
        if one.verdict
    ]
    return tuple(found) or None


def _about(corpus: Corpus) -> dict[str, Any]:
    return {
        "corpus": fingerprint(corpus.documents),
        "documents": len(corpus.documents),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        **machine(),
    }


def _located(answer: AnyAnswer, corpus: Corpus) -> tuple[Place | None, ...] | None:
    if answer.contexts is None:
        return None
    return tuple(map(corpus.passage, answer.contexts))


def _matched(answers: Sequence[AnyAnswer], questions: QuestionSet) -> dict[str, int]:
    """Return the number of the answer of each question, by the question's id."""
    by_text: dict[str, list[str]] = {}
    for question in questions:
        by_text.setdefault(question.text.strip(), []).append(question.id)
    known = {question.id for question in questions}
    matched: dict[str, int] = {}
    for number, answer in enumerate(answers):
        by_id = answer.has_id and answer.id in known
        same = [answer.id] if by_id else by_text.get(answer.question.strip(), [])
        if len(same) > 1 or (same and same[0] in matched):
            raise AnswerFileError(
                f"the question “{brief(answer.question or answer.id)}” is there several times: "
                "give each answer the id of its question, once"
            )
        if same:
            matched[same[0]] = number
    if not matched:
        raise AnswerFileError(
            f"no answer belongs to a question of {questions.name}: give each the id of its "
            "question, or its words"
        )
    return matched


def _unknown(judged: Sequence[JudgedAnswer]) -> tuple[str, ...]:
    """Return what the answers do not tell: see `Record.unknown`."""
    answers = [one.answer for one in judged]
    located = any(place for one in judged for place in one.contexts or ())
    unknown = {
        "retrieval": not located,
        "abstention": all(answer.abstained is None for answer in answers),
        "confidence": any(answer.confidence is None for answer in answers),
        "time": True,
        "written": any(sentence.verdict for one in judged for sentence in one.judged.sentences),
    }
    return tuple(name for name, untold in unknown.items() if untold)


def _notes(
    judged: Sequence[JudgedAnswer],
    matched: Mapping[str, int],
    questions: QuestionSet,
    asked: Sequence[Question],
) -> list[str]:
    """Return what a reader must know; a sentence each."""
    lost = sum(one is None for answer in judged for one in answer.contexts or ())
    counts = {
        "answers to no question of the set": len(judged) - len(matched),
        "questions without an answer, which count as missed": sum(
            one.id not in matched for one in asked
        ),
        "contexts that stand in no document, which count as not relevant": lost,
        "unanswerable questions left out, as no answer says whether it abstains": (
            len(questions) - len(asked)
        ),
    }
    return [f"{what}: {count:,}" for what, count in counts.items() if count]


def _record(
    gold: JudgeByGold,
    judge: Judge,
    question: Question,
    judged: JudgedAnswer | None,
    unknown: tuple[str, ...],
) -> Record:
    """Judge an answer by gold: its quotes are what it cites, its ranking are its contexts."""
    if judged is None:
        return replace(gold.failure(question, "there is no answer"), unknown=unknown)
    places = [one or Place(NOT_IN_DOCUMENTS, 0, 0) for one in judged.contexts or ()]
    known = gold.known(question, [place for place in places if place.end])
    parts = [excerpt.place for part in known["gold"] for excerpt in part]
    quotes = [judge.excerpt(_best(one, parts)) for one in judged.judged.cited]
    answer = judged.answer
    confidence = float(not answer.abstained) if answer.confidence is None else answer.confidence
    return Record(
        **known,
        query=question.text,
        abstained=bool(answer.abstained),
        confidence=confidence,
        text=answer.text,
        quotes=tuple(dict.fromkeys(quotes)),
        verified=len(set(quotes)),
        ranking=tuple(Retrieved(*place, -float(rank)) for rank, place in enumerate(places, 1)),
        in_use=len(places),
        statements=_statements(judged.judged),
        unknown=unknown,
    )


def _best(places: Sequence[Place], gold: Sequence[Place]) -> Place:
    """Return the place of the same words that shares the most with gold; else the first."""
    return max(places, key=lambda place: sum(place.common(one) for one in gold))


def _of_each(records: Sequence[Record]) -> dict[str, dict[str, float]]:
    """Return the figures of quotes of each question that has gold."""
    return {
        record.question_id: {
            name: float(value) for name, value in quote_facts(record).items() if "span" not in name
        }
        for record in records
        if record.answerable and not record.error
    }
