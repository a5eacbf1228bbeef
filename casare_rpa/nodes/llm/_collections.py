"""Collections of texts with their vectors, in one SQLite file that outlives the run."""

from __future__ import annotations

import contextlib
import heapq
import json
import math
import operator
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.values.reading import as_text

if TYPE_CHECKING:
    import sqlite3

_FILE = "vectors.db"
_LOCK_SECONDS = 30.0
_LONGEST_NAME = 200
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS collections (
    name TEXT PRIMARY KEY, model TEXT NOT NULL, dimensions INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS documents (
    collection TEXT NOT NULL REFERENCES collections (name),
    id TEXT NOT NULL, text TEXT NOT NULL, metadata TEXT NOT NULL, vector BLOB NOT NULL,
    PRIMARY KEY (collection, id)
);
"""

Vector = Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text with its id and what else is known of it."""

    id: str
    text: str
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """A collection: the model that made its vectors (empty: the workflow did) and their length."""

    name: str
    model: str
    dimensions: int


class Collections:
    """The collections of a robot, or of a user of the command line. Each call is one transaction.

    All calls block; they raise NodeError where the file cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE

    @classmethod
    def of(cls, ctx: Context) -> Collections:
        folder = as_text(ctx.resources.get("ai_collections_dir"))
        if not folder:
            raise NodeError(
                "this run has no folder for vector collections", ErrorCode.CONFIG_MISSING_KEY
            )
        return cls(Path(folder).expanduser())

    def about(self, name: str) -> About | None:
        """What is known of the collection *name*; None if there is none."""
        with self._open() as db:
            return _about(db, name)

    def names(self) -> list[str]:
        with self._open() as db:
            return [row[0] for row in db.execute("SELECT name FROM collections ORDER BY name")]

    def add(
        self, name: str, model: str, documents: Sequence[Document], vectors: Sequence[Vector]
    ) -> None:
        """Add all of *documents* or none; one whose id is there already takes its place.

        Raises NodeError when the vectors are not those of one model and length with what is there.
        """
        lengths = {len(vector) for vector in vectors}
        if len(lengths) != 1:
            raise NodeError("the embeddings differ in length", ErrorCode.INVALID_INPUT)
        dimensions = lengths.pop()
        with self._open(writes=True) as db:
            known = _about(db, name)
            if known is None:
                db.execute("INSERT INTO collections VALUES (?, ?, ?)", (name, model, dimensions))
            else:
                _check_alike(known, model, dimensions)
            db.executemany(
                "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?)",
                (
                    (name, d.id, d.text, _json(d.metadata), _packed(vector))
                    for d, vector in zip(documents, vectors, strict=True)
                ),
            )

    def delete(self, name: str, ids: Iterable[str]) -> int:
        """Remove the documents with these ids, and a collection that is empty then; how many."""
        with self._open(writes=True) as db:
            sql = "DELETE FROM documents WHERE collection = ? AND id = ?"
            count = sum(db.execute(sql, (name, key)).rowcount for key in ids)
            left = db.execute("SELECT 1 FROM documents WHERE collection = ? LIMIT 1", (name,))
            if left.fetchone() is None:
                db.execute("DELETE FROM collections WHERE name = ?", (name,))
            return count

    def nearest(
        self, about: About, vector: Vector, count: int, wanted: Mapping[str, Any]
    ) -> list[tuple[float, Document]]:
        """The documents nearest to *vector* by cosine, from -1 to 1, the nearest first.

        Only those count whose metadata has all of *wanted*. Every vector is looked at. Raises
        NodeError for a vector of another length.
        """
        if len(vector) != about.dimensions:
            raise NodeError(
                f"the collection {about.name!r} has vectors of {about.dimensions} numbers, the"
                f" query one of {len(vector)}",
                ErrorCode.INVALID_INPUT,
                hint="ask with the embeddings of the model that filled it",
            )
        unit = _unit(vector)
        with self._open() as db:
            sql = "SELECT id, text, metadata, vector FROM documents WHERE collection = ?"
            scored = (
                (sum(map(operator.mul, unit, _unpacked(row[3]))), row[0], row[1], row[2])
                for row in db.execute(sql, (about.name,))
                if not wanted or _has(json.loads(row[2]), wanted)
            )
            best = heapq.nlargest(count, scored, key=lambda found: found[0])
        return [
            (score, Document(id=key, text=text, metadata=json.loads(metadata)))
            for score, key, text, metadata in best
        ]

    @contextlib.contextmanager
    def _open(self, *, writes: bool = False) -> Iterator[sqlite3.Connection]:
        import sqlite3  # noqa: PLC0415 - only a run that asks a collection pays for it

        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            db = sqlite3.connect(self._path, timeout=_LOCK_SECONDS, isolation_level=None)
            with contextlib.closing(db):
                db.executescript(_SCHEMA)
                # IMMEDIATE takes the write lock up front: two that add wait for each other.
                db.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
                yield db
                db.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise NodeError(
                f"the vector collections in {self._path} cannot be used: {error}",
                ErrorCode.RESOURCE_LOCKED if "locked" in str(error) else ErrorCode.UNKNOWN_ERROR,
            ) from error


def collection_name(value: Any) -> str:
    """The name of a collection. Raises NodeError for what is none."""
    name = as_text(value).strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise NodeError(f"collection: {name[:60]!r} is no name", ErrorCode.INVALID_INPUT)
    return name


def _about(db: sqlite3.Connection, name: str) -> About | None:
    row = db.execute("SELECT model, dimensions FROM collections WHERE name = ?", (name,)).fetchone()
    return None if row is None else About(name=name, model=row[0], dimensions=row[1])


def _check_alike(known: About, model: str, dimensions: int) -> None:
    if known.dimensions == dimensions and (not model or model == known.model):
        return
    made_by = f" of the model {known.model!r}" if known.model else ""
    raise NodeError(
        f"the collection {known.name!r} has vectors of {known.dimensions} numbers{made_by}; these"
        f" have {dimensions}{f' and are of {model!r}' if model else ''}",
        ErrorCode.INVALID_INPUT,
        hint="take another collection, or delete what is in this one",
    )


def _has(metadata: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(key in metadata and metadata[key] == value for key, value in wanted.items())


def _json(metadata: Mapping[str, Any]) -> str:
    return json.dumps(metadata, ensure_ascii=False, default=str)


def _unit(vector: Vector) -> list[float]:
    """The vector of length 1 in the same direction; nothing has no direction."""
    length = math.sqrt(sum(x * x for x in vector))
    return [x / length for x in vector] if length else [0.0] * len(vector)


def _packed(vector: Vector) -> bytes:
    """As 32-bit numbers, the least byte first, of length 1."""
    numbers = array("f", _unit(vector))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def _unpacked(raw: bytes) -> array[float]:
    numbers = array("f")
    numbers.frombytes(raw)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
