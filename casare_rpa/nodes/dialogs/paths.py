"""Dialogs for files and folders."""

from __future__ import annotations

import asyncio
import fnmatch
import os
import re
from collections.abc import Sequence
from pathlib import Path

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, prop
from casare_rpa.nodes.dialogs._choosing import holding, show_numbered
from casare_rpa.nodes.dialogs._dialog import Asking, DialogNode, Left, question
from casare_rpa.nodes.dialogs._lines import one_line
from casare_rpa.nodes.file.disk import existing_file, existing_folder, plain_errors
from casare_rpa.nodes.values.reading import as_text

_IN_BRACKETS = re.compile(r"\(([^()]*)\)")
_BETWEEN = re.compile(r"[;,\s]+")


class FilePickerDialogNode(DialogNode):
    """Have a person choose a file that exists.

    The folder `start_directory`, else that of the run, is listed. The answer is a number of the
    list or a path, from that folder on; a folder is listed in its turn. A word that is no path
    makes the list shorter: what has it in its name is left. `filter` (`Tables (*.csv *.xlsx)`) says
    which files are taken. With `multi_select` files are asked for until an empty
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
    of the list or a path, from that folder on; a word that is no path makes the list shorter. Enter
    alone takes `start_directory`. Without one, and with Ctrl-D, the dialog is cancelled: `selected`
    is false.
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
        self._names: list[str] = []

    async def file(self, label: str) -> Path | None:
        """The file that is chosen; None for an empty answer. Raises Left for Ctrl-D."""
        await self._list()
        while True:
            answer = (await self._asking.line(question(f"{label}: number or path"))).strip()
            if not answer:
                return None
            try:
                with plain_errors():
                    path = self._meant(answer)
                    if path.is_dir():
                        self.folder = path
                        await self._list()
                    elif not self._has_narrowed(answer, path) and self._is_taken(path):
                        return path
            except NodeError as error:
                self._say(error.message)

    async def chosen_folder(self, default: str) -> Path:
        """The folder that is chosen. Raises Left."""
        await self._list()
        while True:
            answer = (await self._asking.text("Folder: number or path", default)).strip()
            try:
                with plain_errors():
                    path = self._meant(answer)
                    if not self._has_narrowed(answer, path):
                        return existing_folder(path)
            except NodeError as error:
                self._say(error.message)

    async def _list(self) -> None:
        self._say(f"{self.folder}:")
        try:
            self._listed = await asyncio.to_thread(self._entries)
        except NodeError as error:
            self._say(error.message)
            self._listed = []
        names = (f"{path.name}/" if path.is_dir() else path.name for path in self._listed)
        self._names = [one_line(self._asking.ctx.masked(name)) for name in names]
        if self._names:
            self._show(range(len(self._names)))

    def _has_narrowed(self, answer: str, path: Path) -> bool:
        """Whether *answer* was no path but a word in some names, which are shown then."""
        found = [] if path.exists() else holding(answer, self._names)
        if found:
            self._show(found)
        return bool(found)

    def _show(self, indices: Sequence[int]) -> None:
        show_numbered(self._asking, self._names, indices, searchable=True)

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

    def _is_taken(self, path: Path) -> bool:
        """Whether *path* is a file that is taken; else that is said, or NodeError raised."""
        is_taken = self._takes(existing_file(path))
        if not is_taken:
            self._say(f"{path.name} is none of {' '.join(self._patterns or ())}.")
        return is_taken

    def _takes(self, path: Path) -> bool:
        name = path.name.lower()
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self._patterns or ())

    def _meant(self, answer: str) -> Path:
        if answer.isdecimal() and 1 <= int(answer) <= len(self._listed):
            return self._listed[int(answer) - 1]
        # What a person types may go up; where it leads is checked all the same.
        try:
            typed = self.folder / Path(answer).expanduser()
        except RuntimeError as error:  # ~somebody whom nobody knows
            raise NodeError(f"no such user: {answer}", ErrorCode.INVALID_INPUT) from error
        return self._asking.ctx.path(os.path.normpath(typed))


def _start(ctx: Context, text: str) -> Path:
    return existing_folder(ctx.path(as_text(text).strip() or "."))


def _patterns(text: str) -> list[str]:
    """The patterns of a filter, in lower case: of `Tables (*.csv *.xlsx);;All (*.*)` three."""
    inside = _IN_BRACKETS.findall(text) or ([text] if "*" in text else [])
    found = [word.lower() for part in inside for word in _BETWEEN.split(part) if word]
    return ["*" if word == "*.*" else word for word in found] or ["*"]
