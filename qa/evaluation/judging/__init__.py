"""Judging answers: by the gold of a question set, and by the documents alone.

from qa.evaluation.judging import judge_answers, read_answers
from qa.loaders import load

judgement = judge_answers(read_answers("answers.jsonl"), load("notes/"))
print(judgement.sentences, judgement.not_there)
"""

from qa.evaluation.judging.answers import AnyAnswer, read_answers
from qa.evaluation.judging.judgement import JudgedAnswer, Judgement, judge_answers
from qa.evaluation.judging.trec import read_trec_run, score_run

__all__ = [
    "AnyAnswer",
    "JudgedAnswer",
    "Judgement",
    "judge_answers",
    "read_answers",
    "read_trec_run",
    "score_run",
]
