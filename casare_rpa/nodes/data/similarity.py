"""Find texts that are like a text."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from casare_rpa.nodes.base import Context, Leave, Node, Output, Outputs, param
from casare_rpa.nodes.values.reading import as_list, as_text


class FuzzyStringMatchNode(Node):
    """Find the candidate that is most like a text.

    The score goes from 0 to 1: twice the length of the matching blocks by both lengths. What is
    wired to `match_found` or `no_match` is run in the place of what `exec_out` leads to.
    """

    category = "data"
    example = {"search_string": "recieve", "candidates": ["receive", "reverse"]}
    outputs = (
        Output("matched_string", "STRING"),
        Output("match_score", "FLOAT"),
        Output("match_index", "INTEGER"),
        Output("is_match", "BOOLEAN"),
        Output("all_scores", "DICT"),
    )
    search_string: Any = param("", kind="string", help="The text to find.")
    candidates: Any = param([], kind="list", help="The texts to choose from.")
    threshold: float = param(0.6, kind="float", help="The least score that counts as a match.")

    @classmethod
    def exec_outputs_for(cls, config: Mapping[str, Any]) -> tuple[str, ...]:
        return (*cls.exec_outputs, "match_found", "no_match")

    def run(self, ctx: Context) -> Leave:
        texts = [as_text(c) for c in _listed(ctx, self.candidates, "candidates")]
        scores = [similarity(as_text(self.search_string), text) for text in texts]
        best = max(range(len(scores)), key=scores.__getitem__, default=-1)
        hit = best >= 0 and scores[best] >= self.threshold
        outputs = {
            "matched_string": texts[best] if hit else "",
            "match_score": scores[best] if best >= 0 else 0.0,
            "match_index": best if hit else -1,
            "is_match": hit,
            "all_scores": dict(zip(texts, scores, strict=True)),
        }
        return Leave("match_found" if hit else "no_match", outputs)


class FilterBySimilarityNode(Node):
    """Keep the texts of a list that are like a text; items that are no text are kept."""

    category = "data"
    example = {"input_list": ["apple", "apples", "pear"], "filter_string": "apple"}
    outputs = (
        Output("filtered_list", "LIST"),
        Output("scores", "DICT"),
        Output("count", "INTEGER"),
    )
    input_list: Any = param([], kind="list", help="The list to choose from.")
    filter_string: Any = param("", kind="string", help="The text to be like.")
    threshold: float = param(0.6, kind="float", help="The least score that is kept, 0 to 1.")

    def run(self, ctx: Context) -> Outputs:
        items = _listed(ctx, self.input_list, "input_list")
        target = as_text(self.filter_string)
        scores = {item: similarity(target, item) for item in items if isinstance(item, str)}
        kept = [
            item for item in items if not isinstance(item, str) or scores[item] >= self.threshold
        ]
        return {"filtered_list": kept, "scores": scores, "count": len(kept)}


def similarity(a: str, b: str) -> float:
    """How alike two texts are, from 0 to 1."""
    return difflib.SequenceMatcher(None, a, b, autojunk=False).ratio()


def _listed(ctx: Context, value: Any, name: str) -> list[Any]:
    return as_list(ctx, value, name) if value else []
