"""Word documents: opening, reading, replacing, closing."""

from __future__ import annotations

import re
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.office._documents import Document
from casare_rpa.nodes.office._files import (
    begin_opening,
    close_file,
    file_of,
    open_file,
    still_open,
    use,
)
from casare_rpa.nodes.office._node import WORD, OfficeNode, handle, say_unseen
from casare_rpa.nodes.office._values import xml_text
from casare_rpa.nodes.values.reading import as_text

_DONE = Output("success", "BOOLEAN")


class WordOpenNode(OfficeNode):
    """Open a document, for the Word nodes after it; no Word is needed, and none is started.

    .docx, .docm, .dotx and .dotm files are read, their macros kept and never run. The document is
    read into memory; WordCloseNode saves it. What the run leaves open is closed at its end and
    **not saved**, which a warning says.

    The nodes after it work on the document that was opened last, unless they are given another: by
    the port `document`, by its path or by its file name. Branches that run side by side each have
    their own last one. A file that is opened twice in a run is one document, closed when it is
    closed as often. Where opening fails and the run goes on, nodes after it that are given no
    document fail as well, until the next one is opened: they do not work on another that is open.

    With `create_if_missing` a missing .docx begins empty, and is written when it is closed. A file
    that somebody has open in Word or LibreOffice is opened with a warning. Refused are files of the
    old format (.doc), encrypted and Strict ones, files of more than 256 MiB or 200 MiB of XML, and
    XML with entities. `visible` has no effect.
    """

    example = {"file_path": "letter.docx"}
    needs = WORD
    file_path: str = param(None, kind="file_path", required=True, help="The document.")
    visible: bool = prop(False, kind="boolean", help="Of no effect.")
    create_if_missing: bool = prop(False, kind="boolean", help="Begin a new one if it is missing.")
    outputs = (Output("document", "ANY"), Output("app", "ANY"), _DONE)

    async def act(self, ctx: Context) -> Outputs:
        begin_opening(Document.format)
        if self.visible:
            say_unseen(ctx, "visible", "Word")
        path = self.file(ctx, self.file_path)
        document = await open_file(ctx, Document, path, create=bool(self.create_if_missing))
        return {"document": document, "app": document, "success": True}


class WordGetTextNode(OfficeNode):
    """Read the text of a document: a line for each paragraph.

    A row of a table is a line with tabs between its cells; text boxes come after the paragraph
    that they hang on. What was deleted with changes tracked is left out, what was inserted is in.
    Headers, footers, notes and comments are not part of it. `word_count` is the number of words
    with white space between them.
    """

    example = {"document": "letter.docx"}
    needs = WORD
    document: Any = handle("document")
    outputs = (Output("text", "STRING"), Output("word_count", "INTEGER"), _DONE)

    async def act(self, ctx: Context) -> Outputs:
        document = file_of(ctx, Document, self.document)
        text = await use(document, document.text)
        return {"text": text, "word_count": len(text.split()), "success": True}


class WordReplaceTextNode(OfficeNode):
    """Find text in a document and replace it; WordCloseNode saves the document.

    It is looked for in the body with its tables and text boxes, then in headers and footers; not in
    notes and comments. Text is found as it is read, also where its letters have several formats:
    the new one has that of its first letter. It is found within one paragraph and not across tabs,
    line breaks and pictures. Both texts are meant as they are: Word's wildcards and codes (`^p`)
    are not known. Line ends and tabs in `replace_text` become those of Word; an empty one deletes.

    Without `replace_all` only the first place is replaced. That nothing is found is no failure:
    `replacements` is then 0, and a warning says so.

    A placeholder in `find_text` is filled in before it is looked for: with a variable `customer`,
    `{{customer}}` looks for its value. It cannot be escaped. Mark the places of a template in
    another way, such as `{customer}` or `[customer]`; where the template is given, let a variable
    hold the mark: what `{{mark}}` is filled with is not filled in once more.
    """

    example = {"find_text": "{name}", "replace_text": "Ada Lovelace"}
    needs = WORD
    document: Any = handle("document")
    find_text: str = param(
        None, kind="string", required=True, aliases=("find",), help="What is looked for."
    )
    replace_text: str = param(
        None,
        kind="string",
        required=True,
        aliases=("replace",),
        help="What stands there then; an empty text deletes.",
        if_missing="an empty text deletes what is found",
    )
    match_case: bool = prop(False, kind="boolean", help="Capital and small letters differ.")
    replace_all: bool = prop(True, kind="boolean", help="Replace all places, not only the first.")
    outputs = (Output("replacements", "INTEGER"), _DONE)

    async def act(self, ctx: Context) -> Outputs:
        document = file_of(ctx, Document, self.document)
        wanted = xml_text(as_text(self.find_text))
        if not wanted:
            raise NodeError("find_text is empty", ErrorCode.MISSING_REQUIRED_FIELD)
        pattern = re.compile(re.escape(wanted), 0 if self.match_case else re.IGNORECASE)
        text = xml_text(as_text(self.replace_text))
        most = None if self.replace_all else 1
        done = await use(document, lambda: document.replace(pattern, text, most))
        if not done:
            ctx.log(
                f"find_text is nowhere in {document}: nothing was replaced"
                "; a placeholder in find_text is filled in before it is looked for",
                "warning",
            )
        return {"replacements": done, "success": True}


class WordCloseNode(OfficeNode):
    """Close a document, and save it if it was changed.

    It is saved whole or not at all: a new file takes the place of the old one and keeps its mode.
    What the Word nodes do not know stays in it as it was. It is refused if the file was changed by
    somebody else since it was opened. Without `save` changes are dropped. Closing twice does no
    harm, and closes no other document. `quit_app` has no effect, for no Word was started.
    """

    example = {"save": True}
    needs = WORD
    side_effect = True
    document: Any = handle("document")
    app: Any = param(None, kind="any", help="Taken for the document if that is not given.")
    save: bool = prop(True, kind="boolean", help="Save changes.")
    quit_app: bool = prop(True, kind="boolean", help="Of no effect.")
    outputs = (_DONE,)

    async def act(self, ctx: Context) -> Outputs:
        document = still_open(ctx, Document, self.document or self.app)
        if document is not None:
            await close_file(ctx, document, save=bool(self.save))
        return {"success": True}
