"""How well does a corpus answer a question set? Beside the road from document to answer.

from qa import QA
from qa.evaluation import evaluate, load_questions

with QA.open() as qa:
    print(evaluate(qa, load_questions("seeds/questions.jsonl")).figures["quote-hit@1"])
"""

from qa.evaluation.evaluating import Evaluation, evaluate
from qa.evaluation.measures import Record
from qa.evaluation.questions import Question, load_questions, locate

__all__ = ["Evaluation", "Question", "Record", "evaluate", "load_questions", "locate"]
