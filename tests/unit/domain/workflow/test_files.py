"""Workflow files: plain, packed, missing, broken."""

import gzip
import json
import os
import pickle
from pathlib import Path

import pytest

from casare_rpa.domain.workflow import load_workflow
from casare_rpa.errors import NotFound, WorkflowInvalid

from .documents import chain, document, node

TEXT = json.dumps(document([node("a"), node("b")], chain("a", "b"))).encode()
NAMELESS = json.dumps({**document([node("a")]), "metadata": {}}).encode()


def test_a_plain_and_a_packed_file_read_the_same(tmp_path: Path) -> None:
    (tmp_path / "w.json").write_bytes(TEXT)
    (tmp_path / "w.json.gz").write_bytes(gzip.compress(TEXT))
    (tmp_path / "parts.json.gz").write_bytes(gzip.compress(TEXT[:50]) + gzip.compress(TEXT[50:]))

    plain = load_workflow(tmp_path / "w.json")

    assert [n.node_id for n in plain.nodes] == ["a", "b"]
    assert load_workflow(str(tmp_path / "w.json.gz")) == plain
    assert load_workflow(tmp_path / "parts.json.gz") == plain


def test_a_zst_file_is_read_or_the_missing_package_is_named(tmp_path: Path) -> None:
    path = tmp_path / "w.json.zst"
    try:
        import zstandard
    except ImportError:
        path.write_bytes(b"anything")
        with pytest.raises(WorkflowInvalid, match="zstandard") as caught:
            load_workflow(path)
        assert caught.value.hint is not None
        assert "pip install zstandard" in caught.value.hint
    else:
        path.write_bytes(zstandard.ZstdCompressor().compress(TEXT))
        assert len(load_workflow(path).nodes) == 2


def test_a_nameless_workflow_is_called_like_its_file(tmp_path: Path) -> None:
    path = tmp_path / "invoices.json.gz"
    path.write_bytes(gzip.compress(NAMELESS))

    assert load_workflow(path).name == "invoices"


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no file .*none\.json"):
        load_workflow(tmp_path / "none.json")


def test_a_folder_is_no_workflow(tmp_path: Path) -> None:
    with pytest.raises(WorkflowInvalid):
        load_workflow(tmp_path)


@pytest.mark.parametrize("packed", [b"no gzip at all", gzip.compress(TEXT)[:-20], b""])
def test_a_broken_archive_is_named_with_its_file(tmp_path: Path, packed: bytes) -> None:
    path = tmp_path / "w.json.gz"
    path.write_bytes(packed)

    with pytest.raises(WorkflowInvalid, match=r"w\.json\.gz"):
        load_workflow(path)


def test_a_small_archive_of_a_huge_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.json.gz"
    path.write_bytes(gzip.compress(b" " * (51 * 1024 * 1024), compresslevel=9))

    with pytest.raises(WorkflowInvalid, match="50 MiB"):
        load_workflow(path)


def test_the_message_names_the_file_and_the_first_line_that_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "w.json"
    path.write_text('{"metadata": {"name": "n"},\n"nodes": {},\n"connections": []}')

    with pytest.raises(WorkflowInvalid) as caught:
        load_workflow(path)

    assert str(caught.value) == f"{path}: line 2: the workflow has no nodes (EMPTY_WORKFLOW)"


def test_a_workflow_can_be_sent_to_another_process(tmp_path: Path) -> None:
    path = tmp_path / "w.json"
    path.write_bytes(TEXT)
    workflow = load_workflow(path)

    assert pickle.loads(pickle.dumps(workflow)) == workflow


def reference_workflows() -> list[Path]:
    folder = os.environ.get("CASARE_REFERENCE_DIR")
    return sorted(Path(folder, "workflows").glob("task_*.json")) if folder else []


@pytest.mark.skipif(not reference_workflows(), reason="CASARE_REFERENCE_DIR names no workflows")
def test_the_real_files_are_read_without_a_problem() -> None:
    for path in reference_workflows():
        workflow = load_workflow(path)
        assert workflow.nodes, path
        assert workflow.name != "Untitled", path
