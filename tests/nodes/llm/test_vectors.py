"""Embeddings, collections that outlive the run, and answers from them."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.ai_services import AiServices
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.llm._collections import Collections, Document
from tests.nodes.llm.conftest import Asks, Runs
from tests.nodes.llm.model_server import KEY, ModelServer, Refusal, vector_of
from tests.nodes.llm.test_asking import CLAUDE, outputs, why
from tests.support.runs import chain, document, node

HELP = [
    {"id": "refunds", "text": "A refund takes five days.", "metadata": {"lang": "en", "n": 1}},
    {"id": "delivery", "content": "Delivery takes two weeks.", "metadata": {"lang": "en"}},
    {"id": "retouren", "text": "Five days for a refund, auf Deutsch.", "metadata": {"lang": "de"}},
]


def test_a_text_has_an_embedding(asks: Asks, models: ModelServer) -> None:
    found = outputs(asks("EmbeddingNode", text="one two two"))
    assert found["embedding"] == vector_of("one two two")
    assert (found["dimensions"], found["tokens_used"]) == (64, 1)
    assert models.bodies() == [{"model": "text-embedding-3-small", "input": ["one two two"]}]


def test_anthropic_has_no_embeddings(asks: Asks, models: ModelServer) -> None:
    code, message = why(asks("EmbeddingNode", text="one", model=CLAUDE))
    assert code == "NOT_IMPLEMENTED"
    assert "gives no embeddings" in message
    assert not models.asked


def test_what_a_run_added_another_finds(asks: Asks, models: ModelServer) -> None:
    found = outputs(asks("VectorStoreAddNode", documents=HELP, collection="help"))
    assert (found["count"], found["collection_name"], found["tokens_used"]) == (3, "help", 3)
    found = outputs(asks("VectorSearchNode", query="days for a refund", collection="help", top_k=2))
    assert [item["id"] for item in found["results"]] == ["retouren", "refunds"]
    assert found["result_count"] == 2
    top = found["top_result"]
    assert top["text"] == HELP[2]["text"]
    assert top["metadata"] == {"lang": "de"}
    assert 0 < top["score"] <= 1.0001
    assert top["distance"] == pytest.approx(1 - top["score"])


def test_a_filter_looks_at_the_metadata(asks: Asks) -> None:
    outputs(asks("VectorStoreAddNode", documents=HELP))
    ask = {"query": "days for a refund"}
    for wanted, ids in (
        ({"lang": "en"}, ["refunds", "delivery"]),
        ('{"lang": "en", "n": 1}', ["refunds"]),
        ({"lang": "fr"}, []),
    ):
        found = outputs(asks("VectorSearchNode", filter=wanted, **ask))
        assert [item["id"] for item in found["results"]] == ids
    code, message = why(asks("VectorSearchNode", filter={"n": {"$gt": 0}}, **ask))
    assert code == "NOT_IMPLEMENTED"
    assert "'n' is more than a value" in message


def test_the_same_text_is_there_once(asks: Asks) -> None:
    for _ in range(2):
        outputs(asks("VectorStoreAddNode", documents=["one", "two", "one"]))
    found = outputs(asks("VectorSearchNode", query="one"))
    assert [item["text"] for item in found["results"]] == ["one", "two"]
    outputs(asks("VectorStoreAddNode", documents=[{"id": "a", "text": "one"}], collection="c"))
    outputs(asks("VectorStoreAddNode", documents=[{"id": "a", "text": "two"}], collection="c"))
    found = outputs(asks("VectorSearchNode", query="one", collection="c"))
    assert [item["text"] for item in found["results"]] == ["two"]


def test_many_documents_are_embedded_in_several_requests(asks: Asks, models: ModelServer) -> None:
    texts = [f"text {number}" for number in range(150)]
    assert outputs(asks("VectorStoreAddNode", documents=texts))["count"] == 150
    assert [len(body["input"]) for body in models.bodies()] == [64, 64, 22]


def test_all_documents_are_added_or_none(asks: Asks, models: ModelServer) -> None:
    models.busy.extend([Refusal(200, '{"data": []}')])
    texts = [f"text {number}" for number in range(65)]
    assert why(asks("VectorStoreAddNode", documents=texts))[0] == "API_ERROR"
    assert "there is no collection 'default'" in why(asks("VectorSearchNode", query="t"))[1]


def test_a_failed_addition_leaves_the_collection_as_it_was(tmp_path: Path) -> None:
    collections = Collections(tmp_path)
    one = Document(id="1", text="one", metadata={})
    collections.add("c", "m", [one], [[1.0, 0.0]])
    bad = Document(id="2", text="\ud800", metadata={})  # SQLite takes no half of a pair.
    with pytest.raises((NodeError, UnicodeError)):
        collections.add("c", "m", [Document(id="1", text="new", metadata={}), bad], [[1, 1]] * 2)
    about = collections.about("c")
    assert about is not None
    assert [d.text for _, d in collections.nearest(about, [1.0, 1.0], 5, {})] == ["one"]


def test_two_that_add_at_once_both_do(tmp_path: Path) -> None:
    def add(number: int) -> None:
        documents = [Document(id=f"{number}-{i}", text="t", metadata={}) for i in range(20)]
        Collections(tmp_path).add("c", "m", documents, [[1.0, float(number)]] * 20)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(8)))
    collections = Collections(tmp_path)
    about = collections.about("c")
    assert about is not None
    assert len(collections.nearest(about, [1.0, 0.0], 1000, {})) == 160


def test_embeddings_may_be_the_workflow_s_own(asks: Asks, models: ModelServer) -> None:
    config = {"documents": ["a", "b"], "embeddings": [[3, 0], [0, 0.5]], "collection": "own"}
    assert outputs(asks("VectorStoreAddNode", **config))["count"] == 2
    found = outputs(asks("VectorSearchNode", collection="own", query_embedding=[0, 9]))
    assert [(item["text"], item["score"]) for item in found["results"]] == [("b", 1), ("a", 0)]
    assert not models.asked
    assert (
        "embeddings of the workflow's own"
        in why(asks("VectorSearchNode", collection="own", query="a"))[1]
    )
    message = why(asks("VectorSearchNode", collection="own", query_embedding=[1, 2, 3]))[1]
    assert "has vectors of 2 numbers, the query one of 3" in message


def test_a_collection_keeps_to_one_model(asks: Asks, models: ModelServer) -> None:
    outputs(asks("VectorStoreAddNode", documents=["a"], model="nomic-embed-text"))
    outputs(asks("VectorStoreAddNode", documents=["b"]))
    assert models.bodies()[-1]["model"] == "nomic-embed-text", "the one that it began with"
    code, message = why(asks("VectorStoreAddNode", documents=["c"], model="another"))
    assert code == "INVALID_INPUT"
    assert "of the model 'nomic-embed-text'; these have 64 and are of 'another'" in message


def test_documents_are_removed_by_their_ids(asks: Asks) -> None:
    outputs(asks("VectorStoreAddNode", documents=HELP))
    found = outputs(asks("VectorStoreDeleteNode", document_ids=["refunds", "no such"]))
    assert found["deleted_count"] == 1
    found = outputs(asks("VectorSearchNode", query="refund"))
    assert [item["id"] for item in found["results"]] == ["retouren", "delivery"]
    outputs(asks("VectorStoreDeleteNode", document_ids="retouren, delivery"))
    code, message = why(asks("VectorSearchNode", query="refund"))
    assert (code, message) == (
        "RESOURCE_NOT_FOUND",
        "there is no collection 'default'; there are none - VectorStoreAddNode makes one",
    )
    assert outputs(asks("VectorStoreDeleteNode", document_ids=["x"]))["deleted_count"] == 0


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"documents": [""]}, "documents[0] has no text"),
        ({"documents": ["a", {"title": "b"}]}, "documents[1] has no text"),
        ({"documents": [{"text": "a", "metadata": [1]}]}, "documents[0].metadata is no map"),
        ({"documents": ["a"], "collection": " "}, "collection: '' is no name"),
        ({"documents": ["a"], "embeddings": [[1], [2]]}, "embeddings: 2 for 1 documents"),
        ({"documents": ["a"], "embeddings": ["b"]}, "embedding 0 is no list of numbers"),
        ({"documents": ["a", "b"], "embeddings": [[1], [1, 2]]}, "differ in length"),
    ],
)
def test_what_cannot_be_added_is_refused(
    asks: Asks, models: ModelServer, config: dict[str, Any], words: str
) -> None:
    assert words in why(asks("VectorStoreAddNode", **config))[1]
    assert not models.asked


@pytest.mark.parametrize(
    ("text", "numbers", "words"),
    [
        ("a\ud800", [1], "documents[0] holds half a letter"),
        ("a", [float("nan")], "embedding 0 is no list of numbers"),
        ("a", [10**400], "embedding 0 is no list of numbers"),
        ("a", [True], "embedding 0 is no list of numbers"),
    ],
)
def test_what_a_run_came_to_is_refused_as_well(
    runs: Runs, text: str, numbers: list[Any], words: str
) -> None:
    config = {"documents": "{{texts}}", "embeddings": "{{vectors}}"}
    raw = document({"n": node("VectorStoreAddNode", **config)})
    result = runs(raw, variables={"texts": [text], "vectors": [numbers]})
    assert words in why(result)[1]


def test_one_text_is_one_document_and_one_id_one_id(runs: Runs) -> None:
    text = "Just one text, with a comma."
    raw = document(
        {
            "n": node("VectorStoreAddNode", documents=text),
            "more": node("VectorStoreAddNode", documents="{{said}}"),
            "found": node("VectorSearchNode", query=text),
            "gone": node("VectorStoreDeleteNode", document_ids="{{found.top_result.id}}"),
            "left": node("VectorSearchNode", query=text),
        },
        chain("n", "more", "found", "gone", "left"),
    )
    result = runs(raw, variables={"said": "[draft] Other words"})
    assert outputs(result)["count"] == 1
    assert result.outputs["found"]["top_result"]["text"] == text
    assert result.outputs["gone"]["deleted_count"] == 1
    assert [d["text"] for d in result.outputs["left"]["results"]] == ["[draft] Other words"]


@pytest.mark.parametrize("given", ["refunds, delivery", '["refunds", "delivery"]', "old"])
def test_several_ids_may_be_a_text_or_the_name_of_a_variable(runs: Runs, given: str) -> None:
    raw = document(
        {
            "n": node("VectorStoreAddNode", documents="pages"),
            "gone": node("VectorStoreDeleteNode", document_ids=given),
        },
        chain("n", "gone"),
    )
    result = runs(raw, variables={"old": ["refunds", "delivery"], "pages": HELP})
    assert outputs(result)["count"] == 3
    assert result.outputs["gone"]["deleted_count"] == 2


@pytest.mark.parametrize("given", ["{{nothing}}", " "])
def test_no_ids_are_no_id(asks: Asks, given: str) -> None:
    outputs(asks("VectorStoreAddNode", documents=HELP))
    code, message = why(asks("VectorStoreDeleteNode", document_ids=given))
    assert code == "MISSING_REQUIRED_FIELD"
    assert "document_ids" in message


def test_a_file_that_holds_no_collections_is_named(asks: Asks, tmp_path: Path) -> None:
    (tmp_path / "vectors").mkdir()
    (tmp_path / "vectors" / "vectors.db").write_text("no database, but long enough" * 100)
    message = why(asks("VectorStoreDeleteNode", document_ids=["a"]))[1]
    assert "vectors.db cannot be used: file is not a database" in message


def test_only_the_user_can_read_the_collections(asks: Asks, tmp_path: Path) -> None:
    outputs(asks("VectorStoreAddNode", documents=["a"]))
    assert (tmp_path / "vectors").stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(tmp_path / "vectors" / "vectors.db")) as db:
        assert db.execute("SELECT count(*) FROM documents").fetchone() == (1,)


@pytest.mark.parametrize("model", ["gpt-4o-mini", CLAUDE])
def test_a_question_is_answered_from_documents(asks: Asks, models: ModelServer, model: str) -> None:
    outputs(asks("VectorStoreAddNode", documents=HELP))
    models.say("Five days.")
    found = outputs(asks("RAGNode", question="How many days for a refund?", top_k=2, model=model))
    assert found["answer"] == "Five days."
    assert [source["id"] for source in found["sources"]] == ["retouren", "refunds"]
    assert found["context"] == f"{HELP[2]['text']}\n\n{HELP[0]['text']}"
    assert found["tokens_used"] == 11
    assert "A refund takes five days." in models.last_text()
    assert "two weeks" not in models.last_text()


def test_how_to_ask_may_be_said(asks: Asks, models: ModelServer) -> None:
    outputs(asks("VectorStoreAddNode", documents=["{question}"]))
    models.say("yes")
    outputs(asks("RAGNode", question="q {context}?", prompt_template="<{context}> [{question}]"))
    (message,) = models.bodies()[-1]["messages"]
    assert message["content"] == "<{question}> [q {context}?]", "values are no templates"
    code, _ = why(asks("RAGNode", question="q", prompt_template="{question} alone"))
    assert code == "TEMPLATE_ERROR"


def test_the_key_of_a_chat_model_elsewhere_is_not_used_for_embeddings(
    runs: Runs, models: ModelServer, tmp_path: Path
) -> None:
    models.key = ""
    ai = AiServices(
        openai_base_url=f"{models.url}/v1",
        openai_api_key=KEY,
        anthropic_base_url=models.url,
        collections_dir=str(tmp_path),
    )
    add = document({"n": node("VectorStoreAddNode", documents=["a"])})
    outputs(runs(add, ai=ai))
    models.say("yes")
    ask = document({"n": node("RAGNode", question="a?", model=CLAUDE, api_key="sk-chat")})
    outputs(runs(ask, ai=ai))
    *_, embedding, chat = models.asked
    assert embedding["headers"]["authorization"] == f"Bearer {KEY}"
    assert chat["headers"]["x-api-key"] == "sk-chat"
