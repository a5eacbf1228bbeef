"""What the nodes for Excel and Word share."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar

from casare_rpa.nodes.base import Context, Outputs, param
from casare_rpa.nodes.file.disk import FileNode
from casare_rpa.nodes.office._files import files_of

EXCEL: Mapping[str, str] = {"openpyxl": "office", "lxml": "office"}
WORD: Mapping[str, str] = {"docx": "office"}


class OfficeNode(FileNode, abstract=True):
    """A node that works on an open workbook or document, whose work happens in a thread."""

    category: ClassVar[str] = "desktop"

    async def run(self, ctx: Context) -> Outputs:
        try:
            return await self.act(ctx)
        except asyncio.CancelledError:
            self._abandoned = True
            raise

    async def act(self, ctx: Context) -> Outputs:
        """Do the work and return the outputs."""
        raise NotImplementedError

    def wanted(self, ctx: Context) -> None:
        """Raise NodeError once the run no longer waits for this node."""
        self.check_wanted(ctx)


def handle(what: str) -> Any:
    """The parameter of a node for what another node has opened."""
    return param(None, kind="any", help=f"The {what}; empty: the one opened last.")


def say_unseen(ctx: Context, name: str, program: str) -> None:
    """Warn once that there is no window to show."""
    files_of(ctx).once(
        name, f"{name} has no effect: {program} is not started, its files are opened themselves"
    )
