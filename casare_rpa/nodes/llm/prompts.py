"""Looking up prompt templates, and filling one in."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param
from casare_rpa.nodes.llm._node import (
    DONE,
    ENDED,
    MODEL_USED,
    TOKENS,
    LoginNode,
    max_tokens_param,
    temperature_param,
)
from casare_rpa.nodes.llm._prompts import PromptTemplate, filled, stored_templates
from casare_rpa.nodes.values.reading import as_map, as_text, not_empty


class ListTemplatesNode(Node):
    """List the prompt templates: those that come with the program, and those of your own.

    Your own are the files `<id>.json` in the folder of the setting `templates_dir`: an object with
    the text `template` (with `{{name}}` where variables go) and, if you like, `id`, `name`,
    `description`, `category`, `tags`, `system_prompt` and `variables` (a list of objects with
    `name`, `description`, `required` and `default`). One that has the id of a built-in template
    replaces it. A file that holds no template is left out, with a warning in the log.

    Each item has `id`, `name`, `description`, `category`, `tags`, `variables` and `builtin`.
    """

    category = "llm"
    example = {"category": "text", "search": "summar"}
    #: The parameter is called `category`, as the node's own category is.
    wanted_category: Any = param("", key="category", kind="string", help="Only this category.")
    search: Any = param("", kind="string", help="Only those with this text in them.")
    include_builtin: bool = param(True, kind="boolean", help="Also those of the program.")
    outputs = (Output("templates", "LIST"), Output("count", "INTEGER"), *ENDED)

    async def run(self, ctx: Context) -> Outputs:
        found = await asyncio.to_thread(stored_templates, ctx)
        templates = [found[key].about() for key in sorted(found) if self._fits(found[key])]
        return {"templates": templates, "count": len(templates), "success": True, "error": ""}

    def _fits(self, template: PromptTemplate) -> bool:
        category = as_text(self.wanted_category).strip().lower()
        texts = (template.id, template.name, template.description, *template.tags)
        return (
            (self.include_builtin or not template.builtin)
            and category in ("", template.category.lower())
            and as_text(self.search).strip().lower() in "\n".join(texts).lower()
        )


class GetTemplateInfoNode(Node):
    """Describe one prompt template: its texts, and the variables to fill in.

    `template_info` is what ListTemplatesNode says of it, with `template` and `system_prompt`;
    `variables` is a list of maps with `name`, `description`, `required` and `default`. That there
    is none of this id is no failure: `found` and `success` are then false, and `error` says so.
    """

    category = "llm"
    example = {"template_id": "summarize"}
    template_id: Any = param("", kind="string", help="The id of the template.")
    outputs = (
        Output("template_info", "DICT"),
        Output("variables", "LIST"),
        Output("system_prompt", "STRING"),
        Output("found", "BOOLEAN"),
        *ENDED,
    )

    async def run(self, ctx: Context) -> Outputs:
        wanted = as_text(self.template_id).strip()
        found = await asyncio.to_thread(stored_templates, ctx)
        template = found.get(wanted)
        if template is None:
            return _not_found(wanted, found)
        texts = {"template": template.template, "system_prompt": template.system_prompt}
        return {
            "template_info": template.about() | texts,
            "variables": [dict(variable) for variable in template.variables],
            "system_prompt": template.system_prompt,
            "found": True,
            "success": True,
            "error": "",
        }


def _not_found(wanted: str, known: dict[str, PromptTemplate]) -> Outputs:
    return {
        "template_info": {},
        "variables": [],
        "system_prompt": "",
        "found": False,
        "success": False,
        "error": _no_template(wanted, known),
    }


def _no_template(wanted: str, known: dict[str, PromptTemplate]) -> str:
    return f"no prompt template is called {wanted!r}; there are {', '.join(sorted(known))}"


class PromptTemplateNode(LoginNode):
    """Fill in a prompt template, and ask a language model with it.

    The templates are those that ListTemplatesNode lists. `variables` is a map of values by name; a
    variable that is left out has the template's default, and a required one fails the node.
    `system_prompt` takes the place of the template's own. With `execute` off nothing is asked:
    `rendered_prompt` and `system_prompt` are all there is. `parsed_response` is the answer as a map
    if it is a JSON object, else empty. Keys and models are as with LLMCompletionNode.
    """

    example = {"template_id": "translate", "variables": {"text": "Hallo", "language": "English"}}
    template_id: Any = param("", kind="string", help="The id of the template.")
    variables: Any = param({}, kind="json", port_kind="DICT", help="Values by name.")
    execute: bool = param(True, kind="boolean", help="Whether to ask the model.")
    temperature: Any = temperature_param(0.7)
    max_tokens: Any = max_tokens_param()
    outputs = (
        Output("rendered_prompt", "STRING"),
        Output("system_prompt", "STRING"),
        Output("response", "STRING"),
        Output("parsed_response", "DICT"),
        TOKENS,
        *ENDED,
        MODEL_USED,
    )

    async def run(self, ctx: Context) -> Outputs:
        wanted = not_empty(self.template_id, "template_id").strip()
        found = await asyncio.to_thread(stored_templates, ctx)
        if wanted not in found:
            raise NodeError(_no_template(wanted, found), ErrorCode.TEMPLATE_ERROR)
        values = as_map(ctx, self.variables, "variables") if self.variables else {}
        prompt = filled(found[wanted], values)
        self.system_prompt = as_text(self.system_prompt).strip() or found[wanted].system_prompt
        outputs = {"rendered_prompt": prompt, "system_prompt": self.system_prompt, **DONE}
        if not self.execute:
            return outputs | {"response": "", "parsed_response": {}, "tokens_used": 0}
        answer = await self.ask(ctx, prompt)
        if answer.is_cut:
            ctx.log("the answer was cut off at max_tokens", "warning")
        return outputs | {
            "response": answer.text,
            "parsed_response": _object_in(answer.text),
            "tokens_used": answer.tokens,
            "model_used": answer.model,
        }


def _object_in(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
