"""Workflows: a new version for each new content."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa

from casare_rpa.domain.workflow import active_nodes_in, on_lost_in
from casare_rpa.errors import Conflict, NotFound
from casare_rpa.nodes.capabilities import required_by
from casare_rpa.store.cursors import Order, page_of
from casare_rpa.store.prepared import Prepared
from casare_rpa.store.records import Change, StoredWorkflow
from casare_rpa.store.tables import workflow_versions as versions
from casare_rpa.store.tables import workflows
from casare_rpa.store.tx import Row, Tx, Values, content_hash, dump, load, moment, new_id
from casare_rpa.wire import Workflow, WorkflowList, WorkflowSummary

_alive = workflows.c.deleted_at.is_(None)
_LATEST = Order(name="workflows", columns=(workflows.c.updated_at, workflows.c.id), descending=True)
_BY_ID = Prepared(sa.select(workflows).where(workflows.c.id == sa.bindparam("workflow_id")))
_BY_NAME = Prepared(sa.select(workflows).where(workflows.c.name == sa.bindparam("name"), _alive))
_DOCUMENT = Prepared(
    sa.select(versions.c.document).where(
        versions.c.workflow_id == sa.bindparam("id"), versions.c.version == sa.bindparam("version")
    )
)


class _Said(NamedTuple):
    """What a submit has to know of a document."""

    requires: tuple[str, ...]
    on_lost: str


#: By id, version and content hash. Content never changes, so that it is decoded once.
_SAID: dict[tuple[str, int, str], _Said] = {}
_MOST_REMEMBERED = 10_000


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


def document_of(tx: Tx, workflow_id: str, version: int) -> str:
    """The JSON text of a version, also of a workflow that is deleted."""
    content = tx.row(_DOCUMENT, {"id": workflow_id, "version": version})
    assert content is not None, "a workflow's version is never deleted"
    return str(content["document"])


def find(tx: Tx, ref: str) -> Row:
    """By id, else by name. Raises NotFound."""
    row = _by_id(tx, ref)
    if row is None or row["deleted_at"] is not None:
        row = _by_name(tx, ref)
    if row is None:
        raise NotFound(f"there is no workflow {ref!r}", hint="casare-rpa workflows list")
    return row


def on_lost(tx: Tx, row: Row) -> str:
    """What the current version says about lost attempts."""
    return _said(tx, row).on_lost


def requires(tx: Tx, row: Row) -> tuple[str, ...]:
    """The capabilities that the current version's nodes ask of a robot."""
    return _said(tx, row).requires


def _said(tx: Tx, row: Row) -> _Said:
    this = (row["id"], row["version"], row["content_hash"])
    found = _SAID.get(this)
    if found is None:
        document = load(document_of(tx, row["id"], row["version"]))
        found = _Said(requires=required_in(document), on_lost=str(on_lost_in(document)))
        if len(_SAID) >= _MOST_REMEMBERED:
            _SAID.clear()
        _SAID[this] = found
    return found


def requires_of(tx: Tx, workflow_id: str, version: int) -> tuple[str, ...]:
    """The same for any version, also of a workflow that is deleted."""
    query = sa.select(
        versions.c.workflow_id.label("id"), versions.c.version, versions.c.content_hash
    )
    this = (versions.c.workflow_id == workflow_id, versions.c.version == version)
    row = tx.row(query.where(*this))
    assert row is not None, "a job's workflow version is never deleted"
    return requires(tx, row)


def required_in(document: Any) -> tuple[str, ...]:
    """The capabilities that the nodes of *document* ask of a robot."""
    needed = {required_by(spec.node_type, spec.config) for spec in active_nodes_in(document)}
    return tuple(sorted(name for name in needed if name is not None))


def workflows_(
    tx: Tx,
    *,
    name: str | None = None,
    limit: int = 100,
    offset: int = 0,
    cursor: str | None = None,
) -> WorkflowList:
    wanted = [_alive] if name is None else [_alive, workflows.c.name == name]
    query = sa.select(workflows).where(*wanted)
    rows, next_cursor = page_of(tx, query, _LATEST, cursor=cursor, limit=limit, offset=offset)
    count = sa.select(sa.func.count()).select_from(workflows).where(*wanted)
    return WorkflowList(
        workflows=[WorkflowSummary(**_summary(row)) for row in rows],
        total=tx.scalar(count) if cursor is None else None,
        next_cursor=next_cursor,
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
