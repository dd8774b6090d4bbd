"""Two readings of a question that may as well stand alone: which of their answers to take.

The words that were carried over are met by the passage that they came from, whatever is asked; so
it is not enough that the reading that leans is surer. What it quotes must be among the best for
the question by itself as well. A question that stands alone has a clear answer, and a quote about
something else is far behind it; one that does lean finds little that stands out, and the quote is
as good as any. What the rule is worth: docs/conversation.md.
"""

from __future__ import annotations

from qa.answering.extractive import Answer

_SURER = 0.05  # of confidence, that a reading must gain by leaning
_BEHIND = 2.0  # of score, that its quote may be behind the best for the question by itself


def is_surer(leaning: Answer, alone: Answer) -> bool:
    """Tell whether a question's answer is clearly surer with what came before than by itself."""
    return leaning.confidence >= alone.confidence + _SURER


def answers_too(leaning: Answer, alone: Answer) -> bool:
    """Tell whether what a reading quotes is nearly the best for the question by itself.

    Args:
        leaning: the answer to the question with what came before it.
        alone: the answer to the question by itself, from the same passages. An answer that does
            not tell what was considered rules nothing out.
    """
    if not alone.considered or not leaning.considered:
        return True
    quoted = leaning.considered[0]
    scores = [other.score for other in alone.considered if other.overlaps(quoted)]
    return max(scores, default=float("-inf")) >= alone.considered[0].score - _BEHIND
