"""Workflows: a new version for each new content."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from casare_rpa.errors import Conflict, NotFound
from casare_rpa.store.records import Change, StoredWorkflow
from casare_rpa.store.tables import workflow_versions as versions
from casare_rpa.store.tables import workflows
from casare_rpa.store.tx import Row, Tx, Values, content_hash, dump, load, moment, new_id
from casare_rpa.wire import Workflow, WorkflowList, WorkflowSummary

_alive = workflows.c.deleted_at.is_(None)
_BY_ID = sa.select(workflows).where(workflows.c.id == sa.bindparam("workflow_id"))
_BY_NAME = sa.select(workflows).where(workflows.c.name == sa.bindparam("name"), _alive)


def put_workflow(
    tx: Tx,
    *,
    name: str,
    document: dict[str, Any],
    workflow_id: str | None = None,
    description: str = "",
) -> StoredWorkflow:
    by_name = _by_name(tx, name)
    known = by_name if workflow_id is None else _by_id(tx, workflow_id)
    if by_name is not None and known is not None and by_name["id"] != known["id"]:
        raise Conflict(f"another workflow is called {name!r}: {by_name['id']}")
    if known is None and by_name is not None:
        raise Conflict(f"another workflow is called {name!r}: {by_name['id']}")
    digest = content_hash(document)
    row, created = _next_row(tx, known, digest)
    row |= {"id": row["id"] or workflow_id or new_id(tx.now)}
    row |= {"name": name, "description": description, "updated_at": tx.now, "deleted_at": None}
    if known is None:
        tx.run(sa.insert(workflows).values(row))
    else:
        tx.run(sa.update(workflows).where(workflows.c.id == row["id"]).values(row))
    if created:
        _add_version(tx, row, document)
    tx.changed(Change(kind="workflow", workflow_id=row["id"]))
    return StoredWorkflow(workflow=WorkflowSummary(**_summary(row)), created=created)


def _next_row(tx: Tx, known: Row | None, digest: str) -> tuple[Values, bool]:
    if known is None:
        return {"id": None, "version": 1, "content_hash": digest, "created_at": tx.now}, True
    if known["content_hash"] == digest:
        return dict(known), False
    return dict(known) | {"version": known["version"] + 1, "content_hash": digest}, True


def _add_version(tx: Tx, row: Values, document: dict[str, Any]) -> None:
    nodes = document.get("nodes")
    tx.run(
        sa.insert(versions).values(
            workflow_id=row["id"],
            version=row["version"],
            content_hash=row["content_hash"],
            document=dump(document),
            node_count=len(nodes) if isinstance(nodes, (dict, list)) else 0,
            created_at=tx.now,
        )
    )


def workflow(tx: Tx, ref: str, *, version: int | None = None) -> Workflow:
    row = find(tx, ref)
    wanted = row["version"] if version is None else version
    content = tx.row(
        sa.select(versions).where(versions.c.workflow_id == row["id"], versions.c.version == wanted)
    )
    if content is None:
        raise NotFound(f"workflow {ref!r} has no version {wanted}")
    summary = _summary(row) | {"version": wanted, "content_hash": content["content_hash"]}
    return Workflow(**summary, workflow_json=load(content["document"]))


def find(tx: Tx, ref: str) -> Row:
    """By id, else by name. Raises NotFound."""
    row = _by_id(tx, ref)
    if row is None or row["deleted_at"] is not None:
        row = _by_name(tx, ref)
    if row is None:
        raise NotFound(f"there is no workflow {ref!r}", hint="casare-rpa workflows list")
    return row


def workflows_(
    tx: Tx, *, name: str | None = None, limit: int = 100, offset: int = 0
) -> WorkflowList:
    wanted = [_alive] if name is None else [_alive, workflows.c.name == name]
    newest = sa.select(workflows).where(*wanted)
    newest = newest.order_by(workflows.c.updated_at.desc(), workflows.c.id.desc())
    return WorkflowList(
        workflows=[
            WorkflowSummary(**_summary(row)) for row in tx.rows(newest.limit(limit).offset(offset))
        ],
        total=tx.scalar(sa.select(sa.func.count()).select_from(workflows).where(*wanted)),
    )


def delete_workflow(tx: Tx, ref: str) -> str:
    workflow_id = str(find(tx, ref)["id"])
    tx.run(sa.update(workflows).where(workflows.c.id == workflow_id).values(deleted_at=tx.now))
    tx.changed(Change(kind="workflow", workflow_id=workflow_id))
    return workflow_id


def _by_id(tx: Tx, workflow_id: str) -> Row | None:
    return tx.row(_BY_ID, {"workflow_id": workflow_id})


def _by_name(tx: Tx, name: str) -> Row | None:
    return tx.row(_BY_NAME, {"name": name})


def _summary(row: Row | Values) -> Values:
    return {
        "workflow_id": row["id"],
        "workflow_name": row["name"],
        "version": row["version"],
        "description": row["description"],
        "content_hash": row["content_hash"],
        "created_at": moment(row["created_at"]),
        "updated_at": moment(row["updated_at"]),
    }
