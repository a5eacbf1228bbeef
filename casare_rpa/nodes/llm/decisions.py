"""Decisions that a model makes, and the branches that follow them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Leave, NodeError, Output, Outputs, param
from casare_rpa.nodes.llm._asking import Unfit, field, share, written
from casare_rpa.nodes.llm._choosing import chosen, options_of, texts_of
from casare_rpa.nodes.llm._node import (
    DATA_ONLY,
    ENDED,
    MODEL_USED,
    RESPONSE,
    TOKENS,
    LoginNode,
    between_lines,
    temperature_param,
    told_by,
)
from casare_rpa.nodes.llm.texts import scores_of
from casare_rpa.nodes.values.reading import MISSING, as_list, as_text, literal, not_empty

_JUDGED = (Output("confidence", "FLOAT"), Output("reasoning", "STRING"))
_EXTRAS = (MODEL_USED, RESPONSE, TOKENS)
_LONGEST_PORT = 20
_ACTIONS = ("action", "then", "result", "output")
_DEFAULTS = ("default", "default_action", "else")


class DecisionNode(LoginNode, abstract=True):
    """A node that judges its `context`."""

    context: Any = param(None, kind="any", required=True, help="What to judge: text or data.")
    temperature: Any = temperature_param(0.0)

    def material(self) -> str:
        return between_lines(written(self.context))


class AIConditionNode(DecisionNode):
    """Let a language model answer a yes-or-no question, and leave by `exec_true` or `exec_false`.

    `condition` is the question or statement, `context` what it is about. `confidence` (0 to 1) and
    `reasoning` are the model's own; a low confidence changes nothing by itself. After a failure
    that is passed over (`continue_on_error`) the run leaves by `exec_false`. Keys and models are as
    with LLMCompletionNode.
    """

    example = {"context": "{{mail.body}}", "condition": "The writer wants their money back."}
    condition: Any = param("", kind="text", port_kind="STRING", help="What may be so or not.")
    outputs = (Output("result", "BOOLEAN"), *_JUDGED, *ENDED, *_EXTRAS)
    exec_outputs: ClassVar[tuple[str, ...]] = ("exec_true", "exec_false")

    async def run(self, ctx: Context) -> Leave:
        condition = not_empty(self.condition, "condition").strip()
        system = (
            f"Judge whether this holds: {condition}\n{DATA_ONLY}"
            ' Answer with one JSON object: {"reasoning": one sentence, "result": true or false,'
            ' "confidence": 0 to 1}.'
        )
        (result, confidence, why), answer = await self.ask_json(
            ctx, self.material(), _verdict, system=system
        )
        outputs = {
            "result": result,
            "confidence": confidence,
            "reasoning": why,
            **told_by(answer),
        }
        return Leave("exec_true" if result else "exec_false", outputs)


def _verdict(answer: Any) -> tuple[bool, float, str]:
    result = field(answer, "result")
    if not isinstance(result, bool):
        raise Unfit("result must be true or false")
    return result, share(answer), as_text(answer.get("reasoning"))


class AISwitchNode(DecisionNode):
    """Let a language model choose one of several options, and leave by the port of that option.

    The port is `exec_` and the option in small letters, spaces and hyphens as underscores, of which
    the first 20 characters count: `exec_money_back` for `Money back`. The model may say that none
    fits: then, and when the option's port is not wired, the run leaves by `exec_default`. Two
    options with one port are refused. `options` is a list, or a text with commas; the answer is one
    of them or the node fails. `all_scores` has the model's own judgement of each option, 0 to 1.
    Keys and models are as with LLMCompletionNode.
    """

    control = "ai_switch"
    example = {
        "context": "{{mail.body}}",
        "question": "What does the writer want?",
        "options": "Money back, another item, an answer",
    }
    question_: Any = param(
        "", key="question", kind="text", port_kind="STRING", help="What is to be decided."
    )
    options: Any = param(
        "", kind="string", port_kind="LIST", help="Names: a list, or a text with commas."
    )
    outputs = (
        Output("selected_option", "STRING"),
        *_JUDGED,
        Output("all_scores", "DICT"),
        *ENDED,
        *_EXTRAS,
    )
    exec_outputs: ClassVar[tuple[str, ...]] = ("exec_default",)

    @classmethod
    def exec_outputs_for(cls, config: Mapping[str, Any]) -> tuple[str, ...]:
        named = [_port(option) for option in texts_of(config.get("options"))]
        return (*cls.exec_outputs, *dict.fromkeys(named))

    async def run(self, ctx: Context) -> Leave:
        options = options_of(ctx, self.options, "options")
        _check_ports(options)
        system = (
            f"{not_empty(self.question_, 'question').strip()}\nThe options are"
            f" {json.dumps(options, ensure_ascii=False)}. {DATA_ONLY} Answer with one JSON object:"
            ' {"reasoning": one sentence, "option": the one that fits best or null if none does,'
            ' "confidence": 0 to 1, "scores": {option: 0 to 1, for each}}.'
        )

        def read(raw: Any) -> tuple[str, float, str, dict[str, float]]:
            said = field(raw, "option")
            option = "" if said is None else chosen(said, options)
            scores = scores_of(raw, options, "scores")
            return option, share(raw), as_text(raw.get("reasoning")), scores

        (option, confidence, why, scores), answer = await self.ask_json(
            ctx, self.material(), read, system=system
        )
        outputs = {
            "selected_option": option,
            "confidence": confidence,
            "reasoning": why,
            "all_scores": scores,
            **told_by(answer),
        }
        return Leave(_port(option) if option else "exec_default", outputs)


def _port(option: str) -> str:
    return "exec_" + option.lower().replace(" ", "_").replace("-", "_")[:_LONGEST_PORT]


def _check_ports(options: Sequence[str]) -> None:
    taken: dict[str, str] = {}
    for option in options:
        other = taken.setdefault(_port(option), option)
        if other != option:
            raise NodeError(
                f"options: {other!r} and {option!r} would both leave by {_port(option)!r}",
                ErrorCode.INVALID_INPUT,
                hint="let their first 20 characters differ",
            )


class AIDecisionTableNode(DecisionNode):
    """Let a language model find the row of a decision table that matches.

    The table is a list of rows, or an object with `rules` and perhaps `default`; JSON text does as
    well. A row is an object with an `action` (or `then`, `result`, `output`); all else in it are
    its conditions, in words or as data: `{"if": "amount above 1000", "action": "ask the boss"}`.
    `matched_rule_index` counts from 0. When no row matches it is -1, and `matched_action` is the
    table's `default`, else empty. `all_matches` lists every row that matches, the best first, as
    objects of `index` and `action`. Keys and models are as with LLMCompletionNode.
    """

    example = {
        "context": "{{invoice}}",
        "decision_table": '[{"if": "up to 1000", "then": "pay"}, {"if": "more", "then": "ask"}]',
    }
    decision_table: Any = param("", kind="text", port_kind="DICT", help="The rows.")
    outputs = (
        Output("matched_action", "STRING"),
        Output("matched_rule_index", "INTEGER"),
        *_JUDGED,
        Output("all_matches", "LIST"),
        *ENDED,
        *_EXTRAS,
    )

    async def run(self, ctx: Context) -> Outputs:
        rows, default = _table(ctx, self.decision_table)
        actions = [_action(row, index) for index, row in enumerate(rows)]
        told = [
            {"index": index} | {k: v for k, v in row.items() if k not in _ACTIONS}
            for index, row in enumerate(rows)
        ]
        system = (
            "Find the rows of this decision table whose conditions hold for the material:"
            f" {written(told)}\n{DATA_ONLY} Answer with one JSON object: "
            '{"reasoning": one sentence, "matches": [indexes of the rows, the best first; empty if'
            ' none holds], "confidence": 0 to 1}.'
        )
        (found, confidence, why), answer = await self.ask_json(
            ctx, self.material(), lambda raw: _rows(raw, len(rows)), system=system
        )
        return {
            "matched_action": actions[found[0]] if found else default,
            "matched_rule_index": found[0] if found else -1,
            "confidence": confidence,
            "reasoning": why,
            "all_matches": [{"index": index, "action": actions[index]} for index in found],
            **told_by(answer),
        }


def _table(ctx: Context, given: Any) -> tuple[list[Mapping[str, Any]], str]:
    if isinstance(given, str):
        found = literal(given)
        if found is MISSING:
            not_empty(given, "decision_table")
            raise NodeError(
                "decision_table is no JSON: it must be a list of rows, or an object with `rules`",
                ErrorCode.PARSE_ERROR,
            )
        given = found
    default = ""
    if isinstance(given, Mapping):
        default = next((written(given[key]) for key in _DEFAULTS if given.get(key)), "")
        given = given.get("rules") or given.get("rows")
    rows = as_list(ctx, given, "decision_table") if isinstance(given, list | tuple) else []
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        raise NodeError(
            "decision_table has no rows: it must be a list of objects, or an object with `rules`",
            ErrorCode.INVALID_INPUT,
        )
    return rows, default


def _action(row: Mapping[str, Any], index: int) -> str:
    for name in _ACTIONS:
        if row.get(name) not in (None, ""):
            return written(row[name])
    raise NodeError(f"decision_table: row {index} has no `action`", ErrorCode.INVALID_INPUT)


def _rows(answer: Any, count: int) -> tuple[list[int], float, str]:
    named = field(answer, "matches")
    if not isinstance(named, list):
        raise Unfit("matches must be a list of indexes")
    for index in named:
        if type(index) is not int or not 0 <= index < count:
            raise Unfit(f"{as_text(index)[:40]!r} is no index of a row, from 0 to {count - 1}")
    return list(dict.fromkeys(named)), share(answer), as_text(answer.get("reasoning"))
