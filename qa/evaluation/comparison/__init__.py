"""Two runs side by side: paired by question, compared measure by measure, held to gates."""

from qa.evaluation.comparison.comparing import Comparison, compare

__all__ = ["Comparison", "compare"]
