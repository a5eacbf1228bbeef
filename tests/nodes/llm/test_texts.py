"""Summaries, translations, categories and data: what the model says is read strictly."""

from __future__ import annotations

import json
from typing import Any

import pytest

from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.llm._schema import faults, schema_of
from tests.nodes.llm.conftest import Asks, Runs
from tests.nodes.llm.model_server import Cut, ModelServer
from tests.nodes.llm.test_asking import CLAUDE, outputs, why
from tests.support.runs import document, node

INVOICE = {"text": "ACME, 12.50", "schema": {"vendor": "string", "total": "number"}}


def test_a_text_is_summarised(asks: Asks, models: ModelServer) -> None:
    models.say(" - one\n- two \n")
    found = outputs(
        asks("LLMSummarizeNode", text="a long text", max_length=40, style="Bullet Points")
    )
    assert found["summary"] == "- one\n- two"
    assert (found["original_length"], found["summary_length"], found["tokens_used"]) == (11, 11, 10)
    assert "at most 40 words" in models.last_text()
    assert "bullet points" in models.last_text()
    assert "there is no 'poem'" in why(asks("LLMSummarizeNode", text="t", style="poem"))[1]


def test_a_text_is_translated(asks: Asks, models: ModelServer) -> None:
    models.say({"language": "German", "translation": "Hello\n\u201cyou\u201d"}, "```json\n{}\n```")
    found = outputs(asks("LLMTranslateNode", text="Hallo", target_language="English"))
    assert (found["translated_text"], found["detected_language"]) == ("Hello\n“you”", "German")
    assert models.bodies()[0]["response_format"] == {"type": "json_object"}
    assert "target_language is empty" in why(asks("LLMTranslateNode", text="Hallo"))[1]


def test_half_a_translation_is_none(asks: Asks, models: ModelServer) -> None:
    models.say(Cut('{"language": "German", "translation": "Hel'))
    code, message = why(asks("LLMTranslateNode", text="Hallo", target_language="English"))
    assert (code, message) == (
        "VALUE_OUT_OF_RANGE",
        "the answer was cut off after max_tokens (4000) - set max_tokens higher",
    )
    assert len(models.asked) == 1


def test_a_category_is_one_of_those_given(asks: Asks, models: ModelServer) -> None:
    models.say({"categories": ['"order" '], "confidence": {"Order": 0.9, "Invoice": 0.1, "x": 1}})
    found = outputs(asks("LLMClassifyNode", text="t", categories="Invoice, Order"))
    assert (found["classification"], found["classifications"]) == ("Order", ["Order"])
    assert found["confidence"] == {"Order": 0.9, "Invoice": 0.1}


def test_several_categories_or_none(asks: Asks, models: ModelServer) -> None:
    models.say({"categories": ["b", "a"]}, {"categories": []})
    config = {"text": "t", "categories": '["a", "b", "c"]', "multi_label": True}
    found = outputs(asks("LLMClassifyNode", **config))
    assert (found["classification"], found["classifications"]) == ("b", ["b", "a"])
    found = outputs(asks("LLMClassifyNode", **config))
    assert (found["classification"], found["classifications"]) == ("", [])


@pytest.mark.parametrize("model", ["gpt-4o-mini", CLAUDE])
def test_a_model_is_told_once_what_does_not_fit(
    asks: Asks, models: ModelServer, model: str
) -> None:
    models.say({"categories": ["spam"]}, {"categories": ["order"]})
    config = {"text": "t", "categories": "invoice, order", "model": model}
    found = outputs(asks("LLMClassifyNode", **config))
    assert (found["classification"], found["tokens_used"]) == ("order", 20)
    last = models.bodies()[-1]["messages"][-1]["content"]
    said = last if isinstance(last, str) else last[0]["text"]
    assert "'spam' is none of 'invoice', 'order'" in said


def test_a_category_is_never_invented(asks: Asks, models: ModelServer) -> None:
    models.say("It is spam!", {"categories": ["spam"]})
    code, message = why(asks("LLMClassifyNode", text="t", categories="invoice, order"))
    assert code == "PARSE_ERROR"
    assert "asked twice: 'spam' is none of 'invoice', 'order'" in message
    assert len(models.asked) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        "no JSON",
        "[]",
        '{"categories": "order", "confidence": {"order": 1.5}}',
        '{"categories": ["invoice", "order"]}',
        '{"categories": "order", "confidence": {"order": NaN}}',
        '{"categories": "order", "confidence": {"order": true}}',
        '{"confidence": {}}',
        '{"categories": "order"} and more',
        "[" * 100_000,
        "x" * 100_000,
    ],
    ids=lambda text: text[:30],
)
def test_an_answer_of_no_use_is_shown_in_its_beginning(
    asks: Asks, models: ModelServer, wrong: str
) -> None:
    models.say(wrong, wrong)
    result = asks("LLMClassifyNode", text="t", categories="invoice, order")
    code, message = why(result)
    assert code == "PARSE_ERROR"
    assert "no usable answer, asked twice" in message
    assert repr(wrong[:20])[1:-1] in message
    assert len(message) < 800


def test_thoughts_and_a_code_fence_around_an_answer_are_taken_off(
    asks: Asks, models: ModelServer
) -> None:
    models.say('<think>Hm, {"a"}.</think>\n```json\n{"vendor": "ACME", "total": 12.5}\n```')
    found = outputs(asks("LLMExtractDataNode", **INVOICE))
    assert found["extracted_data"] == {"vendor": "ACME", "total": 12.5}
    assert found["raw_response"].startswith("<think>")


def test_data_must_fit_its_schema(asks: Asks, models: ModelServer) -> None:
    models.say({"vendor": "ACME", "total": "12.50"}, {"vendor": "ACME", "total": None})
    found = outputs(asks("LLMExtractDataNode", **INVOICE))
    assert found["extracted_data"] == {"vendor": "ACME", "total": None}
    assert 'total must be number or null, not \\"12.50\\"' in json.dumps(
        models.bodies()[-1]["messages"][-1]["content"]
    )
    models.say({"vendor": "ACME"}, {"vendor": "ACME"})
    code, message = why(asks("LLMExtractDataNode", **INVOICE))
    assert code == "PARSE_ERROR"
    assert "total is missing" in message


def test_a_schema_may_come_as_text_or_by_a_connection(runs: Runs, models: ModelServer) -> None:
    full = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    for schema in (json.dumps(full), "{{wanted}}"):
        models.say({"n": 3})
        raw = document({"n": node("LLMExtractDataNode", text="three", schema=schema)})
        assert outputs(runs(raw, variables={"wanted": full}))["extracted_data"] == {"n": 3}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("", "schema is empty"),
        ({"type": "object", "properties": {"a": {"pattern": "x"}}}, "'pattern' cannot be checked"),
        ({"$ref": "#/definitions/a"}, "'$ref' cannot be checked"),
        ({"type": "object", "properties": [1]}, "schema.properties is no map"),
        ({"properties": {"a": {"type": "money"}}}, "there is no type 'money'"),
        ({"type": "object", "required": "name"}, "schema: required cannot be 'name'"),
        ({"type": "string", "minLength": "2"}, "schema: minLength cannot be '2'"),
        ('{"a"', "is neither a value nor the name of a variable"),
    ],
)
def test_a_schema_that_cannot_be_kept_is_refused(
    asks: Asks, models: ModelServer, schema: Any, words: str
) -> None:
    assert words in why(asks("LLMExtractDataNode", text="t", schema=schema))[1]
    assert not models.asked


FITS: list[tuple[dict[str, Any], Any, str]] = [
    ({"type": "integer"}, 3.0, ""),
    ({"type": "integer"}, 3.5, "it must be integer, not 3.5"),
    ({"type": "integer"}, True, "it must be integer, not true"),
    ({"type": ["string", "null"]}, None, ""),
    ({"enum": ["a", 1]}, 1, ""),
    ({"enum": ["a", 1]}, True, 'it must be one of ["a", 1]'),
    ({"const": 2, "type": "number"}, 3, "it must be 2"),
    ({"type": "array", "items": {"type": "string"}, "maxItems": 2}, ["a", 1], "[1] must be string"),
    ({"type": "array", "maxItems": 1}, [1, 2], "it is longer than 1"),
    ({"type": "string", "minLength": 2}, "a", "it is shorter than 2"),
    ({"type": "number", "minimum": 0, "maximum": 1}, 2, "it is above 1"),
    ({"type": "number", "minimum": 0}, -1, "it is below 0"),
    ({"type": "object", "additionalProperties": False}, {"a": 1}, "a must not be there"),
    (
        {"properties": {"a": {"properties": {"b": {"type": "null"}}}}},
        {"a": {"b": 1}},
        "a.b must be",
    ),
    ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1, "it fits none of anyOf"),
    ({"oneOf": [{"type": "number"}, {"type": "integer"}]}, 1, "it fits 2 of oneOf"),
    ({"allOf": [{"type": "number"}, {"minimum": 5}]}, 1, "it is below 5"),
    ({"who": "string", "lines": [{"sum": "number"}]}, {"who": "x", "lines": [{"sum": 1}]}, ""),
    ({"type": {"name": "string"}, "title": "string"}, {"title": "x"}, "type is missing"),
    ({"who": "the sender"}, {"who": {"any": "thing"}}, ""),
    ({"who": {"name": "str"}}, {"who": {}}, "who.name is missing"),
]


@pytest.mark.parametrize(("schema", "value", "fault"), FITS, ids=lambda item: str(item)[:40])
def test_what_fits_a_schema(schema: dict[str, Any], value: Any, fault: str) -> None:
    found = faults(value, schema_of(schema))
    assert bool(found) == bool(fault)
    assert fault in "; ".join(found)


def test_a_schema_without_end_is_refused() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(100):
        schema = {"type": "array", "items": schema}
    with pytest.raises(NodeError, match="is no JSON Schema"):
        schema_of(schema)
