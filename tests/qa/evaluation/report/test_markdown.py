"""What a pull request shows of a run and of a comparison, to the letter."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from qa.evaluation.comparison.comparing import Flip
from qa.evaluation.report import markdown_comparison, markdown_summary
from qa.evaluation.report.markdown import plain
from tests.sample_runs import COMPARISON, GAINED, HOSTILE, RECORDS, RUN, hostile_run


def test_a_run_is_summed_up_in_markdown() -> None:
    assert markdown_summary(RUN) == (
        """\
### base

Of 4 answerable questions, 1 was answered with the right quote first (0.25, 95% interval 0.00 to \
0.50); of the other 3, 1 got another quote though a passage held it, 1 got another as no passage \
held it and 1 got an abstention. Of 2 unanswerable questions, 1 got an abstention (0.50, 95% \
interval 0.12 to 1.00) and 1 got an answer.

> [!NOTE]
> - another corpus

| measure | value | 95% interval | questions |
| :-- | --: | --: | --: |
| quote-hit@1 | 0.250 | 0.000–0.500 | 4 |
| hit@5 | 0.500 | 0.250–0.750 | 4 |
| abstention recall | 0.500 | 0.125–1.000 | 6 |
| seconds p50 | 20 ms | 10 ms–1.50 s | 6 |

right 1 · correct abstention 1 · not retrieved 1 · wrong quote 1 · false abstention 1 · \
false answer 1

<details><summary>All 5 figures</summary>

| measure | value | 95% interval | questions |
| :-- | --: | --: | --: |
| hit@5 | 0.500 | 0.250–0.750 | 4 |
| quote-hit@1 | 0.250 | 0.000–0.500 | 4 |
| abstention recall | 0.500 | 0.125–1.000 | 6 |
| quotes per answer | 1.0 | 1.0–1.0 | 4 |
| seconds p50 | 20 ms | 10 ms–1.50 s | 6 |

</details>

<details><summary>By tag</summary>

| tag | questions | hit@5 |
| :-- | --: | --: |
| plain | 1 | 1.000 (1.000–1.000) |

</details>
"""
    )


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ("a | b\n\r c", "a \\| b c"),
        (
            "*bold* _it_ `code` [a](b) ~no~ \\",
            "\\*bold\\* \\_it\\_ \\`code\\` \\[a\\](b) \\~no\\~ \\\\",
        ),
        ("<b> & $x$", "&lt;b&gt; &amp; &dollar;x&dollar;"),
        (
            "ask @someone in #12, not me@home or hit@5",
            "ask @<!-- -->someone in #<!-- -->12, not me@home or hit@5",
        ),
        ("</details>", "&lt;/details&gt;"),
    ],
)
def test_markdown_makes_nothing_of_a_text(words: str, written: str) -> None:
    assert plain(words) == written


def test_a_comparison_is_summed_up_in_markdown() -> None:
    assert markdown_comparison(COMPARISON) == (
        """\
### new against base

> [!NOTE]
> - base has other settings

new: better on 1 of 3 measures (hit@5), worse on 1 (ECE); no evidence of a difference on the \
other 1.

| measure | verdict | base | new | difference | 95% interval | adjusted p |
| :-- | :-- | --: | --: | --: | --: | --: |
| hit@5 | ✓ better | 0.500 | 0.750 | +0.250 | +0.125 to +0.375 | 0.020 |
| ECE | ✗ worse | 0.250 | 0.500 | +0.250 | +0.125 to +0.375 | 0.020 |

<details><summary>All 4 measures</summary>

| measure | verdict | base | new | difference | 95% interval | adjusted p |
| :-- | :-- | --: | --: | --: | --: | --: |
| hit@5 | ✓ better | 0.500 | 0.750 | +0.250 | +0.125 to +0.375 | 0.020 |
| quote-hit@1 | – | 0.250 | 0.250 | 0.000 | −0.125 to +0.125 | 0.020 |
| ECE | ✗ worse | 0.250 | 0.500 | +0.250 | +0.125 to +0.375 | 0.020 |
| seconds p50 | – | 250 ms | 500 ms | +250 ms | +125 ms to +375 ms | – |

</details>

<details><summary>Flipped: 1 question gained, 1 lost.</summary>

- **lost** right: What do tickets cost? (right → false abstention)
  - both: “Tickets cost five euros.”
- **gained** other: What do tickets cost? (wrong quote → right)
  - before: “Cats are not let in.”
  - after: “five euros.”

</details>

A verdict needs p &lt; 0.05 after Holm's correction over 3 tests; differences are over the same \
questions, paired.
"""
    )


def test_ten_flips_are_listed_and_the_rest_counted() -> None:
    flips = tuple(Flip("new", replace(RECORDS[2], question_id=f"q{n}"), GAINED) for n in range(12))
    written = markdown_comparison(replace(COMPARISON, flips=flips))
    assert written.count("- **gained**") == 10
    assert "- and 2 more" in written


@pytest.mark.parametrize("words", HOSTILE)
def test_no_text_of_a_run_is_markup_in_markdown(words: str) -> None:
    written = markdown_summary(hostile_run(words))
    assert set(re.findall(r"<[^>]*>", written)) <= {
        *("<details>", "</details>", "<summary>", "</summary>"),
    }
    for table in re.findall(r"(?:^\|.*\n)+", written, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1
