"""The nodes that do one of many things, chosen by their action."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import (
    Context,
    Json,
    Node,
    NodeError,
    NodeType,
    Output,
    Outputs,
    param,
    port,
    prop,
    unlisted,
)
from casare_rpa.nodes.file import csv_, folders, read_write, zip_
from casare_rpa.nodes.file.disk import FileNode

#: An output that only the single nodes have.
ATTACHMENT = "attachment_file"


def outputs_of(actions: Mapping[str, NodeType]) -> tuple[Output, ...]:
    """All outputs of the *actions*; of those with one name the first."""
    found: dict[str, Output] = {}
    for cls in actions.values():
        for output in cls.outputs:
            if output.name != ATTACHMENT:
                found.setdefault(output.name, output)
    return tuple(found.values())


def chosen(action: Any, actions: Mapping[str, NodeType]) -> tuple[str, NodeType]:
    """The action called *action*, letter case, `_` and `-` aside; NodeError lists them all."""
    wanted = _plain(action)
    for name, cls in actions.items():
        if _plain(name) == wanted:
            return name, cls
    raise NodeError(
        f"no action {action!r}; the actions are: {', '.join(actions)}", ErrorCode.INVALID_INPUT
    )


def _plain(action: Any) -> str:
    return " ".join(str(action or "").lower().replace("_", " ").replace("-", " ").split())


def filled(node: Node, cls: NodeType, paths: tuple[str, ...]) -> FileNode:
    """A *cls* with the parameters of *node*.

    Its own path parameter, if empty, takes the first of the node's *paths* that is set: files name
    the path in one way or the other, whatever the action.
    """
    values = {name: getattr(node, name) for name in cls.params if name in node.params}
    for name in cls.params:
        if name in paths and not values.get(name):
            values[name] = next((v for p in paths if (v := getattr(node, p, None))), None)
    made = cls(**values)
    assert isinstance(made, FileNode)
    return made


class FileSystemSuperNode(Node):
    """Do any operation on a file or folder, chosen by the action.

    The path of the actions with one path may be given as `file_path`, `path`, `directory_path` or
    `dir_path`. The outputs are those of the node of the action's name, such as ReadFileNode.
    """

    category = "file"
    example = {"action": "Write File", "file_path": "notes.txt", "content": "one line"}
    actions: ClassVar[Mapping[str, NodeType]] = {
        "Read File": read_write.ReadFileNode,
        "Write File": read_write.WriteFileNode,
        "Append File": read_write.AppendFileNode,
        "Delete File": folders.DeleteFileNode,
        "Copy File": folders.CopyFileNode,
        "Move File": folders.MoveFileNode,
        "File Exists": folders.FileExistsNode,
        "Get File Size": folders.GetFileSizeNode,
        "Get File Info": folders.GetFileInfoNode,
        "Create Directory": folders.CreateDirectoryNode,
        "List Files": folders.ListFilesNode,
        "List Directory": folders.ListDirectoryNode,
    }
    _ONE_PATH: ClassVar[tuple[str, ...]] = ("file_path", "path", "directory_path", "dir_path")

    side_effect = True
    action: str = prop("Read File", kind="choice", choices=tuple(actions), help="What to do.")
    file_path: str = param(kind="file_path", help="The file.")
    path: str = param(kind="string", help="The path to look for.")
    source_path: str = param(kind="file_path", aliases=("source",), help="What to copy or move.")
    directory_path: str = param(
        kind="directory_path", aliases=("directory",), help="The folder to create or list."
    )
    dir_path: str = param(kind="directory_path", help="The folder to list.")
    dest_path: str = param(
        kind="file_path", aliases=("destination_path", "destination"), help="Where to."
    )
    content: Json = param(kind="text", help="What to write.")
    encoding: str = prop("utf-8", kind="string", help="How text is encoded.")
    binary_mode: bool = prop(False, kind="boolean", help="Bytes instead of text.")
    max_size: int = prop(0, kind="integer", minimum=0, help="Largest size in bytes; 0: any.")
    create_dirs: bool = prop(True, kind="boolean", help="Make missing folders.")
    create_if_missing: bool = prop(True, kind="boolean", help="Create a missing file.")
    ignore_missing: bool = prop(False, kind="boolean", help="A missing file is no failure.")
    overwrite: bool = prop(False, kind="boolean", help="Replace an existing file.")
    check_type: str = prop(
        "any", kind="choice", choices=("file", "directory", "any"), help="What it has to be."
    )
    parents: bool = prop(True, kind="boolean", help="Make missing parent folders too.")
    exist_ok: bool = prop(True, kind="boolean", help="An existing folder is no failure.")
    pattern: str = prop("*", kind="string", help="Such as `*.csv`.")
    recursive: bool = prop(False, kind="boolean", help="Look in sub-folders too.")
    files_only: bool = prop(False, kind="boolean", help="Leave out folders.")
    dirs_only: bool = prop(False, kind="boolean", help="Leave out files.")
    allow_dangerous_paths: bool = prop(False, kind="boolean", help="Allow `..` in paths.")
    outputs = outputs_of(actions)

    async def run(self, ctx: Context) -> Outputs:
        name, cls = chosen(self.action, self.actions)
        if name in ("Copy File", "Move File"):
            self.source_path = self.source_path or self.file_path or self.path
        return _declared(await filled(self, cls, self._ONE_PATH).run(ctx))


class StructuredDataSuperNode(Node):
    """Read or write CSV and JSON, pack and unpack ZIP archives, chosen by the action.

    The outputs are those of the node of the action's name, such as ReadCSVNode.
    """

    category = "file"
    example = {"action": "Read CSV", "file_path": "rows.csv"}
    actions: ClassVar[Mapping[str, NodeType]] = {
        "Read CSV": csv_.ReadCSVNode,
        "Write CSV": csv_.WriteCSVNode,
        "Read JSON": read_write.ReadJSONFileNode,
        "Write JSON": read_write.WriteJSONFileNode,
        "Zip Files": zip_.ZipFilesNode,
        "Unzip Files": zip_.UnzipFilesNode,
    }

    side_effect = True
    action: str = prop(
        "Read CSV", kind="choice", choices=(*actions, "Image Convert"), help="What to do."
    )
    file_path: str = param(kind="file_path", aliases=("path",), help="The CSV or JSON file.")
    zip_path: str = param(kind="file_path", help="The archive.")
    source_path: str = param(kind="string", help="A folder, a pattern or a file.")
    extract_to: str = param(kind="directory_path", help="Where to unpack.")
    output_path: str = prop(kind="file_path", help="The converted image.")
    delimiter: str = prop(",", kind="string", help="The character between fields.")
    has_header: bool = prop(True, kind="boolean", help="The first row names the columns.")
    write_header: bool = prop(True, kind="boolean", help="Write the names of the columns first.")
    encoding: str = prop("utf-8", kind="string", help="How text is encoded.")
    skip_rows: int = prop(0, kind="integer", help="Lines to drop first.")
    max_rows: int = prop(0, kind="integer", help="Most rows to read; 0: all.")
    excel_safe: bool = unlisted(False, kind="boolean", help="No formulas, and a mark for Excel.")
    indent: int = prop(2, kind="integer", help="Spaces for each level.")
    ensure_ascii: bool = prop(False, kind="boolean", help="Write \\uXXXX instead of characters.")
    compression: str = prop(
        "ZIP_DEFLATED", kind="choice", choices=("ZIP_STORED", "ZIP_DEFLATED"), help="How to pack."
    )
    base_dir: str = prop("", kind="string", help="Entries are named relative to this folder.")
    output_format: str = prop(
        "JPEG",
        kind="choice",
        choices=("PNG", "JPEG", "WEBP", "BMP", "GIF"),
        help="The image's format.",
    )
    quality: int = prop(85, kind="integer", minimum=1, maximum=100, help="The image's quality.")
    scale_percent: str = prop(
        "100%",
        kind="choice",
        choices=("5%", "10%", "25%", "50%", "75%", "100%"),
        help="The image's size.",
    )
    overwrite: bool = prop(False, kind="boolean", help="Replace an existing file.")
    recursive: bool = prop(False, kind="boolean", help="Look in sub-folders too.")
    allow_dangerous_paths: bool = prop(False, kind="boolean", help="Allow `..` in paths.")
    data: Json = port(kind="any", port_kind="ANY", help="What to write.")
    headers: Json = port(kind="any", port_kind="LIST", help="The columns.")
    files: Json = port(kind="any", port_kind="LIST", help="Paths of files to pack.")
    outputs = (
        *outputs_of(actions),
        Output("output_path", "STRING"),
        Output("format", "STRING"),
    )

    async def run(self, ctx: Context) -> Outputs:
        if _plain(self.action) == "image convert":
            raise NodeError("this version converts no images", ErrorCode.NOT_IMPLEMENTED)
        _, cls = chosen(self.action, self.actions)
        return _declared(await filled(self, cls, ("file_path",)).run(ctx))


def _declared(outputs: Outputs) -> Outputs:
    outputs.pop(ATTACHMENT, None)
    return outputs
