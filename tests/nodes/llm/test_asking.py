"""Prompts and conversations: both protocols, keys, busy services, refusals."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.ai_services import AiServices
from casare_rpa.domain.events import DomainEvent, EventBus
from casare_rpa.engine import RunResult
from casare_rpa.engine.envelopes import envelope
from casare_rpa.secrets import FindSecret, Secret
from tests.nodes.llm.conftest import Asks, Runs
from tests.nodes.llm.model_server import KEY, Cut, ModelServer, Refusal
from tests.support.runs import chain, document, node

CLAUDE = "claude-sonnet-4-5"


def outputs(result: RunResult) -> Mapping[str, Any]:
    assert result.success, result.error
    return result.outputs["n"]


def why(result: RunResult) -> tuple[str, str]:
    """Code and message of the failure, without the node's name before it."""
    assert result.error is not None
    return result.error.code, result.error.message.partition(": ")[2]


def finding(stored: Mapping[str, Mapping[str, Any]]) -> FindSecret:
    return lambda name: Secret.of_fields(stored[name])


def test_a_prompt_is_answered_with_what_it_took(asks: Asks, models: ModelServer) -> None:
    models.say("Paris")
    found = outputs(
        asks(
            "LLMCompletionNode",
            prompt="The capital of France?",
            system_prompt="Be brief.",
            temperature=0.2,
            max_tokens=50,
        )
    )
    assert found == {
        "response": "Paris",
        "tokens_used": 10,
        "model_used": "gpt-4o-mini-2026",
        "success": True,
        "error": "",
    }
    assert models.bodies() == [
        {
            "model": "gpt-4o-mini",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "The capital of France?"},
            ],
            "max_tokens": 50,
            "temperature": 0.2,
        }
    ]


def test_the_name_of_a_model_decides_on_the_protocol(asks: Asks, models: ModelServer) -> None:
    models.say("Paris")
    found = outputs(
        asks(
            "LLMCompletionNode",
            prompt="The capital of France?",
            system_prompt="Be brief.",
            model=CLAUDE,
            temperature=1.7,
        )
    )
    assert (found["response"], found["tokens_used"]) == ("Paris", 10)
    (asked,) = models.asked
    assert asked["path"] == "/v1/messages"
    assert (asked["headers"]["x-api-key"], "authorization" in asked["headers"]) == (KEY, False)
    assert asked["body"]["system"] == "Be brief."
    assert asked["body"]["temperature"] == 1.0, "Anthropic's highest"


def test_a_server_of_many_models_gets_their_names_whole(asks: Asks, models: ModelServer) -> None:
    models.say("yes", "yes")
    outputs(asks("LLMCompletionNode", prompt="?", model="anthropic/claude-sonnet-4.5"))
    outputs(asks("LLMCompletionNode", prompt="?", model="meta/llama-3.3:free"))
    assert [body["model"] for body in models.bodies()] == [
        "anthropic/claude-sonnet-4.5",
        "meta/llama-3.3:free",
    ]


def test_a_server_of_ones_own_may_ask_for_no_key(runs: Runs, models: ModelServer) -> None:
    models.key = ""
    models.say("yes")
    raw = document({"n": node("LLMCompletionNode", prompt="?", model="llama3.2")})
    found = outputs(runs(raw, ai=AiServices(openai_base_url=f"{models.url}/v1/")))
    assert found["response"] == "yes"
    assert "authorization" not in models.asked[0]["headers"]


def test_without_a_key_it_says_where_one_would_be_looked_for(runs: Runs) -> None:
    raw = document({"n": node("LLMCompletionNode", prompt="?", model=CLAUDE)})
    code, message = why(runs(raw, ai=AiServices(openai_api_key=KEY)))
    told, _, hint = message.partition(" - ")
    assert (code, told) == ("CONFIG_MISSING_KEY", f"there is no key for the model {CLAUDE!r}")
    assert "set ANTHROPIC_API_KEY where the run starts" in hint
    raw = document({"n": node("LLMCompletionNode", prompt="?", model="ollama/llama3")})
    code, message = why(runs(raw, ai=AiServices(openai_api_key=KEY)))
    assert message.startswith("no service is known for the model 'ollama/llama3' - set CASARE_")


def test_keys_come_from_the_store_then_the_node_then_the_environment_then_the_settings(
    runs: Runs, models: ModelServer
) -> None:
    models.key = ""
    base = f"{models.url}/v1"
    stored = {"mine": {"api_key": "sk-stored"}}

    def key_of(environment: Mapping[str, str], **config: Any) -> str:
        models.say("yes")
        raw = document({"n": node("LLMCompletionNode", prompt="?", **config)})
        ai = AiServices(openai_base_url=base, openai_api_key="sk-settings")
        outputs(runs(raw, ai=ai, environment=environment, find_secret=finding(stored)))
        sent = models.asked[-1]["headers"]["authorization"]
        assert isinstance(sent, str)
        return sent.removeprefix("Bearer ")

    env = {"OPENAI_API_KEY": "sk-environment"}
    assert key_of(env, credential_name="mine", api_key="sk-node") == "sk-stored"
    assert key_of(env, api_key="sk-node") == "sk-node"
    assert key_of(env) == "sk-environment"
    assert key_of({}) == "sk-settings"


def test_a_credential_names_its_own_server_and_no_other_key_goes_there(
    runs: Runs, models: ModelServer
) -> None:
    models.key = ""
    models.say("yes", "yes")
    stored = {
        "local": {"base_url": f"{models.url}/v1"},
        "gateway": {"base_url": models.url, "provider": "anthropic", "api_key": "sk-gate"},
    }
    ai = AiServices(openai_api_key=KEY, anthropic_api_key=KEY)
    for name in stored:
        raw = document({"n": node("LLMCompletionNode", prompt="?", credential_name=name)})
        outputs(runs(raw, ai=ai, find_secret=finding(stored), environment={"OPENAI_API_KEY": KEY}))
    first, second = models.asked
    assert (first["path"], first["headers"].get("authorization")) == ("/v1/chat/completions", None)
    assert (second["path"], second["headers"]["x-api-key"]) == ("/v1/messages", "sk-gate")


@pytest.mark.parametrize(
    ("node_type", "config"),
    [
        ("LLMCompletionNode", {"prompt": "confidential"}),
        ("AIAgentNode", {"goal": "confidential"}),
        ("ClassifyDocumentNode", {"document": "confidential"}),
        ("EmbeddingNode", {"text": "confidential"}),
        ("VectorStoreAddNode", {"documents": ["confidential"]}),
    ],
)
def test_a_credential_that_there_is_not_does_not_send_the_prompt_elsewhere(
    runs: Runs, models: ModelServer, node_type: str, config: dict[str, Any]
) -> None:
    raw = document({"n": node(node_type, credential_name="in-huose", **config)})
    code, message = why(runs(raw, environment={"OPENAI_API_KEY": KEY}))
    assert code == "RESOURCE_NOT_FOUND"
    assert "in-huose" in message
    assert not models.asked


def test_a_key_of_the_node_s_own_stands_in_for_a_credential(
    runs: Runs, models: ModelServer
) -> None:
    models.say("yes")
    config = {"prompt": "?", "credential_name": "none", "api_key": KEY}
    ai = AiServices(openai_base_url=f"{models.url}/v1")
    outputs(runs(document({"n": node("LLMCompletionNode", **config)}), ai=ai))
    assert models.asked[0]["headers"]["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("url", "key", "is_told"),
    [
        # An address of this machine that is not known to be one, and where nobody listens.
        ("http://0.0.0.0:9/v1", KEY, True),
        ("http://0.0.0.0:9/v1", "", False),
        ("https://0.0.0.0:9/v1", KEY, False),
        ("http://127.0.0.1:9/v1", KEY, False),
    ],
)
def test_a_key_that_others_could_read_on_its_way_is_warned_of_once(
    runs: Runs, url: str, key: str, is_told: bool
) -> None:
    passed = {"prompt": "?", "continue_on_error": True}
    raw = document(
        {"n": node("LLMCompletionNode", **passed), "m": node("LLMCompletionNode", **passed)},
        chain("n", "m"),
    )
    result = runs(raw, ai=AiServices(openai_base_url=url, openai_api_key=key))
    failed = [line for line in result.logs if "refused" in line["message"]]
    assert len(failed) == 2, "both have tried"
    told = [line["message"] for line in result.logs if "unencrypted" in line["message"]]
    assert len(told) == is_told
    assert all("0.0.0.0:9" in message and KEY not in message for message in told)


def test_a_busy_service_is_asked_again_when_it_says(asks: Asks, models: ModelServer) -> None:
    models.busy.extend(
        [Refusal(429, headers={"Retry-After": "0"}), Refusal(529, headers={"Retry-After": "0.01"})]
    )
    models.say("at last")
    result = asks("LLMCompletionNode", prompt="?")
    assert outputs(result)["response"] == "at last"
    assert len(models.asked) == 3
    assert sum("trying again" in line["message"] for line in result.logs) == 2


def test_it_does_not_wait_for_an_hour(asks: Asks, models: ModelServer) -> None:
    told = {"error": {"message": "Rate limit reached"}}
    models.busy.append(Refusal(429, told, {"Retry-After": "3600"}))
    began = time.monotonic()
    code, message = why(asks("LLMCompletionNode", prompt="?"))
    assert time.monotonic() - began < 60
    assert (code, len(models.asked)) == ("RESOURCE_EXHAUSTED", 1)
    assert "longer than a minute: Rate limit reached" in message


def test_money_that_is_spent_does_not_come_back(asks: Asks, models: ModelServer) -> None:
    told = {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}
    models.busy.append(Refusal(429, told))
    assert "You exceeded your quota" in why(asks("LLMCompletionNode", prompt="?"))[1]
    assert len(models.asked) == 1


def test_a_refusal_is_told_without_the_key(runs: Runs, models: ModelServer) -> None:
    wrong = "sk-wrong-fedcba9876543210"
    raw = document({"n": node("LLMCompletionNode", prompt="?", api_key=wrong)})
    seen: list[str] = []
    bus = EventBus()
    bus.subscribe_all(lambda event: seen.append(str(event.to_dict())))
    result = runs(raw, bus=bus)
    code, message = why(result)
    assert code == "API_ERROR"
    assert "refused the model 'gpt-4o-mini' with HTTP 400: Incorrect API key" in message
    assert wrong not in str(result.to_dict())
    assert wrong not in "".join(seen)


@pytest.mark.parametrize("body", ["", "<html>", "[1]", '{"choices": []}', '{"error": 3}'])
def test_what_is_no_answer_is_said_to_be_none(asks: Asks, models: ModelServer, body: str) -> None:
    models.busy.append(Refusal(200, body))
    code, message = why(asks("LLMCompletionNode", prompt="?"))
    assert code == "API_ERROR"
    assert "its answer" in message


def test_a_key_does_not_follow_a_redirect(asks: Asks, models: ModelServer) -> None:
    models.busy.append(Refusal(307, headers={"Location": f"{models.url}/v1/elsewhere"}))
    assert "HTTP 307" in why(asks("LLMCompletionNode", prompt="?"))[1]
    assert len(models.asked) == 1


def test_a_key_that_no_header_can_hold_is_refused_unseen(asks: Asks) -> None:
    code, message = why(asks("LLMCompletionNode", prompt="?", api_key="sk-a\nb"))
    assert (code, message) == ("INVALID_INPUT", "the key holds letters that no key has")


def test_private_addresses_are_refused_where_they_are_blocked(
    runs: Runs, models: ModelServer
) -> None:
    raw = document({"n": node("LLMCompletionNode", prompt="?")})
    code, message = why(runs(raw, block_private_addresses=True))
    assert code == "PERMISSION_DENIED"
    assert "127.0.0.1" in message
    assert not models.asked


def test_nobody_there_is_said_in_plain_words(runs: Runs) -> None:
    raw = document({"n": node("LLMCompletionNode", prompt="secret plans")})
    code, message = why(runs(raw, ai=AiServices(openai_base_url="http://127.0.0.1:9/v1")))
    assert code == "CONNECTION_REFUSED"
    assert "connection refused" in message
    assert "secret plans" not in message


def test_a_model_is_asked_without_what_it_does_not_take(runs: Runs, models: ModelServer) -> None:
    models.refused_parameters = frozenset({"temperature", "max_tokens"})
    models.say("yes", "again")
    raw = document(
        {"n": node("LLMCompletionNode", prompt="1"), "m": node("LLMCompletionNode", prompt="2")},
        chain("n", "m"),
    )
    result = runs(raw)
    assert outputs(result)["response"] == "yes"
    assert len(models.asked) == 4, "what the first call found out, the second knows"
    assert models.bodies()[-1].keys() == {"model", "messages", "max_completion_tokens"}


def test_an_answer_that_was_cut_off_is_given_with_a_warning(
    asks: Asks, models: ModelServer
) -> None:
    models.say(Cut("Once upon"))
    result = asks("LLMCompletionNode", prompt="A story")
    assert outputs(result)["response"] == "Once upon"
    assert any("cut off" in line["message"] for line in result.logs)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"prompt": " "}, "prompt is empty"),
        ({"prompt": "?", "model": ""}, "model is empty"),
        ({"prompt": "?", "temperature": 3}, "temperature must be from 0 to 2, not 3"),
        ({"prompt": "?", "temperature": "hot"}, "temperature must be a number, not 'hot'"),
        ({"prompt": "?", "max_tokens": 0}, "max_tokens must be at least 1, not 0"),
        ({"prompt": "x" * 4_000_001}, "the question has 4,000,001 characters"),
    ],
)
def test_what_cannot_be_asked_is_not_asked(
    asks: Asks, models: ModelServer, config: dict[str, Any], words: str
) -> None:
    assert words in why(asks("LLMCompletionNode", **config))[1]
    assert not models.asked


@pytest.mark.parametrize("model", ["gpt-4o-mini", CLAUDE])
def test_a_conversation_knows_what_was_said(runs: Runs, models: ModelServer, model: str) -> None:
    models.say("Hello Ada", "You are Ada", "Who are you?")
    talk = {"model": model, "system_prompt": "Be kind."}
    raw = document(
        {
            "one": node("LLMChatNode", message="I am Ada", **talk),
            "two": node(
                "LLMChatNode", message="Who?", conversation_id="{{one.conversation_id}}", **talk
            ),
            "n": node("LLMChatNode", message="Who am I?", conversation_id="another", **talk),
        },
        chain("one", "two", "n"),
    )
    found = outputs(runs(raw))
    assert found["conversation_id"] == "another"
    said = [
        [m["content"] for m in body["messages"] if m["role"] != "system"]
        for body in models.bodies()
    ]
    texts = [[c if isinstance(c, str) else c[0]["text"] for c in turn] for turn in said]
    assert texts == [["I am Ada"], ["I am Ada", "Hello Ada", "Who?"], ["Who am I?"]]


def test_a_message_that_was_not_answered_is_not_kept(runs: Runs, models: ModelServer) -> None:
    models.busy.append(Refusal(400))
    models.say("yes")
    talk = {"conversation_id": "c"}
    first = {**node("LLMChatNode", message="lost", **talk)}
    first["config"]["continue_on_error"] = True
    raw = document(
        {"one": first, "n": node("LLMChatNode", message="kept", **talk)}, chain("one", "n")
    )
    assert outputs(runs(raw))["response"] == "yes"
    assert [m["content"] for m in models.bodies()[-1]["messages"]] == ["kept"]


def test_prompts_are_logged_by_their_lengths_alone(asks: Asks, models: ModelServer) -> None:
    models.say("whispered")
    result = asks("LLMCompletionNode", prompt="confidential")
    lines = "\n".join(line["message"] for line in result.logs)
    assert "12 characters, 9 came back, 10 tokens" in lines
    assert "confidential" not in lines
    assert "whispered" not in lines


def test_the_key_of_the_settings_is_masked_everywhere(runs: Runs, models: ModelServer) -> None:
    models.say(f"your key is {KEY}")
    raw = document({"n": node("LLMCompletionNode", prompt="?")})
    assert KEY not in str(runs(raw).to_dict())


def test_a_template_is_filled_and_asked(asks: Asks, models: ModelServer, tmp_path: Path) -> None:
    models.say('{"a": 1}')
    values = {"text": "Hallo {{language}}", "language": "French"}
    found = outputs(asks("PromptTemplateNode", template_id="translate", variables=values))
    assert found["rendered_prompt"].startswith("Translate the text between the lines into French")
    assert "Hallo {{language}}" in found["rendered_prompt"], "a value is no template"
    assert found["parsed_response"] == {"a": 1}
    sent = models.bodies()[0]["messages"]
    assert sent[0]["content"] == found["system_prompt"]
    assert sent[1]["content"] == found["rendered_prompt"]


def test_a_template_alone_asks_nobody(asks: Asks, models: ModelServer) -> None:
    config = {"template_id": "summarize", "execute": False}
    found = outputs(asks("PromptTemplateNode", variables={"text": "T"}, **config))
    assert "in at most 3 sentences" in found["rendered_prompt"], "the variable's default"
    assert (found["response"], found["parsed_response"]) == ("", {})
    assert not models.asked
    code, message = why(asks("PromptTemplateNode", **config))
    assert (code, message) == (
        "TEMPLATE_ERROR",
        "the prompt template 'summarize' lacks a value for text - give it in variables",
    )
    assert "'sumarize'" in why(asks("PromptTemplateNode", template_id="sumarize"))[1]


def test_a_conversation_ends_with_the_run_and_nothing_else_does(
    runs: Runs, models: ModelServer
) -> None:
    models.say("one", "two")
    raw = document(
        {
            "ask": node("LLMCompletionNode", prompt="?"),
            "then": node("LLMChatNode", message="?"),
            "last": node("LogNode", message="end"),
        },
        chain("ask", "then", "last"),
    )
    events: list[DomainEvent] = []
    bus = EventBus()
    bus.subscribe_all(events.append)
    assert runs(raw, bus=bus, tells_start_points=True).success
    sent = [found for event in events if (found := envelope(event))]
    begun = [each["data"] for each in sent if each["type"] == "node.started"]
    held = {data["node_id"]: (data.get("state") or {}).get("held") for data in begun}
    assert held == {"ask": None, "then": None, "last": ["ai_conversations"]}
