"""How often the words that are marked in the first quote are the answer, on held-out articles.

python -m benchmarks.studies.marked_words --bench FOLDER
"""

from __future__ import annotations

import statistics

from benchmarks.learn_examples import corpus_of, group_of, held_out
from benchmarks.question_sets import indexed, parser
from embeddings import load_encoder
from qa import Answer
from qa.evaluation import load_questions
from qa.evaluation.short_answers import exact_match, token_f1

SET = "squad2_cs224n"


def marked(answer: Answer) -> str:
    """Return the words that are marked in the first quote; "" without any."""
    if not answer.citations or (span := answer.citations[0].answer) is None:
        return ""
    first = answer.citations[0]
    return first.quote[span.start - first.start : span.end - first.start]


if __name__ == "__main__":
    folder = parser("benchmarks.studies.marked_words", __doc__).parse_args().bench / SET
    questions = load_questions(folder)
    documents = corpus_of(folder, questions, whole=True)
    titles = {document.id: document.title for document in documents}
    scores = []
    with indexed(documents, load_encoder(precision="float32")) as qa:
        for question in filter(lambda question: question.answerable, questions):
            best = qa.retrieve(question.text, top_k=1)[0].passage.document_id
            if held_out(SET, group_of(SET, question, titles[best])):
                words = marked(qa.ask(question.text))
                of_each = ((exact_match(words, a), token_f1(words, a)) for a in question.answers)
                scores.append((bool(words), *map(max, zip(*of_each, strict=True))))
    for name, of in (("all", scores), ("with marked words", [s for s in scores if s[0]])):
        exact, f1 = (statistics.mean(float(each[n]) for each in of) for n in (1, 2))
        print(f"{name}: {len(of)} questions, exact match {exact:.3f}, F1 {f1:.3f}")
