"""Dialogs for files and folders."""

from __future__ import annotations

import asyncio
import fnmatch
import os
import re
from collections.abc import Sequence
from pathlib import Path

from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, prop
from casare_rpa.nodes.dialogs._dialog import Asking, DialogNode, Left, question
from casare_rpa.nodes.dialogs._lines import fitted, one_line
from casare_rpa.nodes.file.disk import existing_file, existing_folder, plain_errors
from casare_rpa.nodes.values.reading import as_text

#: How many entries of a folder are listed.
_MOST_LISTED = 40
_IN_BRACKETS = re.compile(r"\(([^()]*)\)")
_BETWEEN = re.compile(r"[;,\s]+")


class FilePickerDialogNode(DialogNode):
    """Have a person choose a file that exists.

    The folder `start_directory`, else that of the run, is listed. The answer is a number of the
    list or a path, from that folder on; a folder is listed in its turn. `filter` (`Tables (*.csv
    *.xlsx)`) says which files are taken. With `multi_select` files are asked for until an empty
    answer, and `file_path` is a list. An empty answer at once, and Ctrl-D, cancel the dialog:
    `selected` is false.
    """

    example = {"title": "Statement", "filter": "Tables (*.csv *.xlsx)"}
    title: str = prop("Select File", kind="string", help="The headline.")
    filter: str = prop("All Files (*.*)", kind="string", help="Which files are taken.")
    multi_select: bool = prop(False, kind="boolean", help="Several may be chosen.")
    start_directory: str = prop("", kind="string", help="Where to begin; empty: the run's folder.")
    outputs = (Output("file_path", "ANY"), Output("selected", "BOOLEAN"))

    async def ask(self, asking: Asking) -> Outputs:
        patterns = _patterns(as_text(self.filter))
        browser = _Browser(asking, _start(asking.ctx, self.start_directory), patterns)
        found: list[str] = []
        while (path := await browser.file("Another file" if found else "File")) is not None:
            if not self.multi_select:
                return {"file_path": str(path), "selected": True}
            found.append(str(path))
        if not found:
            raise Left
        return {"file_path": found, "selected": True}

    def left(self) -> Outputs:
        return {"file_path": [] if self.multi_select else "", "selected": False}


class FolderPickerDialogNode(DialogNode):
    """Have a person choose a folder that exists.

    The folders in `start_directory`, else in the run's folder, are listed. The answer is a number
    of the list or a path, from that folder on; Enter alone takes `start_directory`. Without one,
    and with Ctrl-D, the dialog is cancelled: `selected` is false.
    """

    example = {"title": "Where to"}
    title: str = prop("Select Folder", kind="string", help="The headline.")
    start_directory: str = prop(
        "",
        kind="string",
        aliases=("initial_path",),
        help="Where to begin; empty: the run's folder.",
    )
    outputs = (
        Output("folder_path", "STRING", aliases=("selected_path",)),
        Output("selected", "BOOLEAN"),
    )

    async def ask(self, asking: Asking) -> Outputs:
        browser = _Browser(asking, _start(asking.ctx, self.start_directory), None)
        default = str(browser.folder) if self.start_directory else ""
        path = await browser.chosen_folder(default)
        return {"folder_path": str(path), "selected": True}

    def left(self) -> Outputs:
        return {"folder_path": "", "selected": False}


class _Browser:
    """A folder that the person looks into. Without *patterns* only folders are listed."""

    def __init__(self, asking: Asking, folder: Path, patterns: Sequence[str] | None) -> None:
        self.folder = folder
        self._asking = asking
        self._patterns = patterns
        self._listed: list[Path] = []

    async def file(self, label: str) -> Path | None:
        """The file that is chosen; None for an empty answer. Raises Left for Ctrl-D."""
        await self._list()
        while True:
            answer = (await self._asking.line(question(f"{label}: number or path"))).strip()
            if not answer:
                return None
            try:
                path = self._meant(answer)
                if path.is_dir():
                    self.folder = path
                    await self._list()
                elif self._takes(existing_file(path)):
                    return path
                else:
                    self._say(f"{path.name} is none of {' '.join(self._patterns or ())}.")
            except NodeError as error:
                self._say(error.message)

    async def chosen_folder(self, default: str) -> Path:
        """The folder that is chosen. Raises Left."""
        await self._list()
        while True:
            answer = await self._asking.text("Folder: number or path", default)
            try:
                return existing_folder(self._meant(answer.strip()))
            except NodeError as error:
                self._say(error.message)

    async def _list(self) -> None:
        self._say(f"{self.folder}:")
        try:
            entries = await asyncio.to_thread(self._entries)
        except NodeError as error:
            self._say(error.message)
            entries = []
        self._listed = entries[:_MOST_LISTED]
        width = len(str(len(self._listed)))
        names = (f"{path.name}/" if path.is_dir() else path.name for path in self._listed)
        shown = (one_line(self._asking.ctx.masked(name)) for name in names)
        numbered = (f"{i:>{width}}  {name}" for i, name in enumerate(shown, 1))
        self._asking.show("\n".join(fitted(line, self._asking.width - 1) for line in numbered))
        if len(entries) > len(self._listed):
            self._say(f"… and {len(entries) - len(self._listed)} more")

    def _say(self, text: str) -> None:
        """Show *text*, which may have a file's name in it, as one line."""
        self._asking.show(one_line(self._asking.ctx.masked(text)))

    def _entries(self) -> list[Path]:
        """Folders, then the files that are taken; hidden ones are left out."""
        with plain_errors():
            inside = [path for path in self.folder.iterdir() if not path.name.startswith(".")]
            folders = [path for path in inside if path.is_dir()]
            files = [path for path in inside if self._patterns is not None and path.is_file()]
        return [*sorted(folders), *sorted(path for path in files if self._takes(path))]

    def _takes(self, path: Path) -> bool:
        name = path.name.lower()
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self._patterns or ())

    def _meant(self, answer: str) -> Path:
        if answer.isdecimal() and 1 <= int(answer) <= len(self._listed):
            return self._listed[int(answer) - 1]
        # What a person types may go up; where it leads is checked all the same.
        typed = os.path.normpath(self.folder / Path(answer).expanduser())
        return self._asking.ctx.path(typed)


def _start(ctx: Context, text: str) -> Path:
    return existing_folder(ctx.path(as_text(text).strip() or "."))


def _patterns(text: str) -> list[str]:
    """The patterns of a filter, in lower case: of `Tables (*.csv *.xlsx);;All (*.*)` three."""
    inside = _IN_BRACKETS.findall(text) or ([text] if "*" in text else [])
    found = [word.lower() for part in inside for word in _BETWEEN.split(part) if word]
    return ["*" if word == "*.*" else word for word in found] or ["*"]
