"""Two readings of an ambiguous question, with its history and without: which answer to take.

Words carried over match the passage that they came from, whatever is asked; so it is not enough
that the answer with the history is surer. What it quotes must also be among the best for the
question by itself. A standalone question has a clear answer, and a quote about something else is
far behind it; for a dependent one nothing stands out, and the quote is as good as any. What the
rule is worth: docs/conversation.md.
"""

from __future__ import annotations

from qa.answering.extractive import Answer

_SURER = 0.05  # of confidence, that the history must add
_BEHIND = 2.0  # of score, that its quote may be behind the best for the question by itself


def is_surer(with_history: Answer, standalone: Answer) -> bool:
    """Return whether a question's answer is clearly surer with what came before than by itself."""
    return with_history.confidence >= standalone.confidence + _SURER


def answers_too(with_history: Answer, standalone: Answer) -> bool:
    """Return whether what a reading quotes is nearly the best for the question by itself.

    Args:
        with_history: the answer to the question with what came before it.
        standalone: the answer to the question by itself, from the same passages. One without
            `considered` rules nothing out.
    """
    if not standalone.considered or not with_history.considered:
        return True
    quoted = with_history.considered[0]
    scores = [other.score for other in standalone.considered if other.overlaps(quoted)]
    return max(scores, default=float("-inf")) >= standalone.considered[0].score - _BEHIND
