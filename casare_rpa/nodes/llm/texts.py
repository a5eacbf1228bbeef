"""What a model makes of a text: a summary, a translation, a category, data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param
from casare_rpa.nodes.llm._asking import Unfit, as_share, field
from casare_rpa.nodes.llm._choosing import chosen, options_of
from casare_rpa.nodes.llm._node import (
    DATA_ONLY,
    ENDED,
    MODEL_USED,
    RESPONSE,
    TOKENS,
    ModelNode,
    between_lines,
    temperature_param,
    told_by,
)
from casare_rpa.nodes.llm._schema import faults, schema_of
from casare_rpa.nodes.values.reading import as_int, as_map, as_text, not_empty, one_of

_STYLES = {
    "paragraph": "one paragraph",
    "bullet_points": "bullet points, each on a line that begins with '- '",
    "key_points": "the key points, numbered, each on a line of its own",
}
_EXTRAS = (MODEL_USED, RESPONSE)


def _text_param(help: str) -> Any:
    return param("", kind="text", port_kind="STRING", help=help)


class LLMSummarizeNode(ModelNode):
    """Summarise a text with a language model, in the language of the text.

    `max_length` is the number of words that the model is told to keep to; models do so roughly.
    `original_length` and `summary_length` count characters. Keys and models are as with
    LLMCompletionNode.
    """

    example = {"text": "{{report.content}}", "max_length": 80, "style": "bullet_points"}
    text: Any = _text_param("The text.")
    max_length: Any = param(200, kind="integer", minimum=10, help="Words at most, roughly.")
    style: Any = param(
        "paragraph", kind="choice", choices=tuple(_STYLES), port_kind="STRING", help="Its form."
    )
    temperature: Any = temperature_param(0.5)
    outputs = (
        Output("summary", "STRING"),
        Output("original_length", "INTEGER"),
        Output("summary_length", "INTEGER"),
        TOKENS,
        *ENDED,
        *_EXTRAS,
    )

    async def run(self, ctx: Context) -> Outputs:
        text = not_empty(self.text, "text")
        words = as_int(self.max_length, "max_length")
        form = _STYLES[one_of(self.style, "style", _STYLES)]
        system = (
            f"You summarise texts in at most {words} words, as {form}, in the language of the text."
            f" Keep names, numbers and dates. Add nothing that the text does not say. {DATA_ONLY}"
            " Answer with the summary and nothing else."
        )
        answer = await self.ask(ctx, between_lines(text), system=system)
        if answer.is_cut:
            ctx.log("the summary was cut off at max_tokens", "warning")
        summary = answer.text.strip()
        return {
            "summary": summary,
            "original_length": len(text),
            "summary_length": len(summary),
            **told_by(answer),
        }


class LLMTranslateNode(ModelNode):
    """Translate a text with a language model.

    `detected_language` is what the model says the text is written in, or `source_language` if you
    say it. A translation that does not fit into `max_tokens` (4000 unless the config says more) is
    a failure, not half a text. Keys and models are as with LLMCompletionNode.
    """

    example = {"text": "{{mail.body}}", "target_language": "English"}
    text: Any = _text_param("The text.")
    target_language: Any = param("", kind="string", help="The language to translate into.")
    source_language: Any = param("", kind="string", help="The text's own; empty: find out.")
    temperature: Any = temperature_param(0.3)
    outputs = (
        Output("translated_text", "STRING"),
        Output("detected_language", "STRING"),
        TOKENS,
        *ENDED,
        *_EXTRAS,
    )

    async def run(self, ctx: Context) -> Outputs:
        text = not_empty(self.text, "text")
        target = not_empty(self.target_language, "target_language").strip()
        source = as_text(self.source_language).strip()
        system = (
            f"You translate texts{f' from {source}' if source else ''} into {target}. Keep names,"
            f" numbers and line breaks. {DATA_ONLY} Answer with one JSON object:"
            ' {"language": the language of the text, "translation": the translated text}.'
        )
        (language, translated), answer = await self.ask_json(
            ctx, between_lines(text), _translation, system=system
        )
        return {
            "translated_text": translated,
            "detected_language": source or language,
            **told_by(answer),
        }


def _translation(answer: Any) -> tuple[str, str]:
    language, translated = field(answer, "language"), field(answer, "translation")
    if not isinstance(language, str) or not isinstance(translated, str):
        raise Unfit("language and translation must be texts")
    return language, translated


class LLMClassifyNode(ModelNode):
    """Sort a text into categories with a language model.

    `categories` is a list, or a text with commas; the answer is one of them, spelt as you spell it,
    or the node fails. With `multi_label` there may be several, or none; `classification` is then
    the first. `confidence` has for each category a number from 0 to 1, as the model judges itself.
    Keys and models are as with LLMCompletionNode.
    """

    example = {"text": "{{mail.body}}", "categories": "invoice, order, complaint"}
    text: Any = _text_param("The text.")
    categories: Any = param(
        "", kind="string", port_kind="LIST", help="Names: a list, or a text with commas."
    )
    multi_label: bool = param(False, kind="boolean", help="Whether there may be several.")
    temperature: Any = temperature_param(0.0)
    outputs = (
        Output("classification", "STRING"),
        Output("classifications", "LIST"),
        Output("confidence", "DICT"),
        TOKENS,
        *ENDED,
        *_EXTRAS,
    )

    async def run(self, ctx: Context) -> Outputs:
        text = not_empty(self.text, "text")
        categories = options_of(ctx, self.categories, "categories")
        several = bool(self.multi_label)
        system = (
            f"You sort texts into these categories: {json.dumps(categories, ensure_ascii=False)}."
            f" {'Name all that fit, or none.' if several else 'Name the one that fits best.'}"
            f" {DATA_ONLY} Answer with one JSON object:"
            ' {"categories": [names, the best first], "confidence": {name: 0 to 1, for each'
            " category}}."
        )
        (found, scores), answer = await self.ask_json(
            ctx,
            between_lines(text),
            lambda raw: _classes(raw, categories, several=several),
            system=system,
        )
        return {
            "classification": found[0] if found else "",
            "classifications": found,
            "confidence": scores,
            **told_by(answer),
        }


def _classes(
    answer: Any, categories: Sequence[str], *, several: bool
) -> tuple[list[str], dict[str, float]]:
    named = field(answer, "categories")
    named = [named] if isinstance(named, str) else named
    if not isinstance(named, list):
        raise Unfit("categories must be a list")
    found = list(dict.fromkeys(chosen(name, categories) for name in named))
    if not several and len(found) != 1:
        raise Unfit(f"one category was asked for, not {len(found)}")
    return found, scores_of(answer, categories, "confidence")


def scores_of(answer: Any, options: Sequence[str], name: str) -> dict[str, float]:
    """The scores by option that an answer gives; those of others are left out."""
    given = answer.get(name) or {}
    if not isinstance(given, Mapping):
        raise Unfit(f"{name} must be an object of numbers by name")
    known = {option: given[option] for option in options if option in given}
    return {option: as_share(score, f"{name}.{option}") for option, score in known.items()}


class LLMExtractDataNode(ModelNode):
    """Take data out of a text with a language model, in the shape that a schema says.

    `schema` is a JSON Schema, or short: a map of fields to types (`{"total": "number"}`) or to what
    they are (`{"vendor": "who sent it"}`), where what the text does not say becomes null. The
    answer is checked against it; the model is told once what does not fit, then the node fails.
    Checked are type, enum, const, properties, required, additionalProperties, items, the limits of
    lengths and numbers, anyOf, oneOf and allOf; a schema with other keywords ($ref, pattern) is
    refused. Keys and models are as with LLMCompletionNode.
    """

    example = {"text": "{{mail.body}}", "schema": '{"vendor": "string", "total": "number"}'}
    text: Any = _text_param("The text.")
    schema: Any = param("", kind="text", port_kind="DICT", help="The shape of the data.")
    temperature: Any = temperature_param(0.0)
    outputs = (
        Output("extracted_data", "DICT"),
        Output("raw_response", "STRING"),
        TOKENS,
        *ENDED,
        *_EXTRAS,
    )

    async def run(self, ctx: Context) -> Outputs:
        text = not_empty(self.text, "text")
        if self.schema in (None, "", {}):
            raise NodeError("schema is empty", ErrorCode.MISSING_REQUIRED_FIELD)
        schema = schema_of(as_map(ctx, self.schema, "schema"))
        system = (
            "You extract data from texts. Take values from the text only; what it does not say is"
            f" null where the schema allows it. {DATA_ONLY} Answer with JSON that fits this JSON"
            f" Schema, and nothing else:\n{json.dumps(schema, ensure_ascii=False)}"
        )
        found, answer = await self.ask_json(
            ctx,
            between_lines(text),
            lambda raw: fitting(raw, schema),
            system=system,
            wants_object=schema.get("type") == "object",
        )
        return {"extracted_data": found, "raw_response": answer.text, **told_by(answer)}


def fitting(value: Any, schema: Mapping[str, Any]) -> Any:
    """*value* if it fits *schema*, or Unfit."""
    if found := faults(value, schema):
        raise Unfit("; ".join(found))
    return value
