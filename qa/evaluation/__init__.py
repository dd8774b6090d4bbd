"""How well does a corpus answer a question set, and is one way better than another?

It stands beside the road from document to answer, and uses its public face alone.

from qa import QA
from qa.evaluation import evaluate, load_questions

with QA.open() as qa:
    run = evaluate(qa, load_questions("seeds/questions.jsonl"))
    print(run.figures["quote-hit@1"])
"""

from qa.evaluation.comparison import Comparison, compare
from qa.evaluation.evaluating import evaluate
from qa.evaluation.formats import load_questions, save_questions
from qa.evaluation.measures import MEASURES
from qa.evaluation.questions import Question, QuestionSet
from qa.evaluation.records import Record
from qa.evaluation.runs import Figure, Run, load_run

__all__ = [
    "MEASURES",
    "Comparison",
    "Figure",
    "Question",
    "QuestionSet",
    "Record",
    "Run",
    "compare",
    "evaluate",
    "load_questions",
    "load_run",
    "save_questions",
]
