"""What an evaluation measures: from records of questions to figures, and how sure they are."""

from qa.evaluation.measures.definitions import MEASURES, Measure, columns, is_share, values

__all__ = ["MEASURES", "Measure", "columns", "is_share", "values"]
