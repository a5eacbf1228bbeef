"""Looking up prompt templates."""

from __future__ import annotations

import asyncio
from typing import Any

from casare_rpa.nodes.base import Context, Node, Output, Outputs, param
from casare_rpa.nodes.llm._prompts import PromptTemplate, stored_templates
from casare_rpa.nodes.values.reading import as_text

_ENDED = (Output("success", "BOOLEAN"), Output("error", "STRING"))


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
    outputs = (Output("templates", "LIST"), Output("count", "INTEGER"), *_ENDED)

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
        *_ENDED,
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
    error = f"no prompt template is called {wanted!r}; there are {', '.join(sorted(known))}"
    return {
        "template_info": {},
        "variables": [],
        "system_prompt": "",
        "found": False,
        "success": False,
        "error": error,
    }
