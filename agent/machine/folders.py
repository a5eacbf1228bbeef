"""Where the agent keeps things: one private folder, the same after every start."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from platformdirs import user_state_path

from casare_rpa import faults
from casare_rpa.errors import ConfigInvalid
from casare_rpa.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """`journal` outlives the agent, `lost` holds what is over, `work` the running jobs' folders.

    `run` is for what this one process of the agent needs.
    """

    root: Path
    journal: Path
    lost: Path
    work: Path
    run: Path

    @classmethod
    def of(cls, settings: Settings) -> Folders:
        """Where they are, whether they are there or not."""
        root = Path(settings.state_dir) if settings.state_dir else user_state_path("casare-rpa")
        root = root.expanduser().absolute()
        return cls(
            root=root,
            journal=root / "journal",
            lost=root / "journal" / "lost",
            work=root / "work",
            run=root / "run",
        )

    @classmethod
    def open(cls, settings: Settings) -> Folders:
        """Make what is missing, for the user alone. Raises ConfigInvalid when that fails."""
        folders = cls.of(settings)
        folders.make()
        return folders

    def make(self) -> None:
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (self.journal, self.lost, self.work):
                folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise ConfigInvalid(
                f"the state folder {self.root} cannot be used: {error.strerror}",
                hint="Name another one with --state-dir or CASARE_STATE_DIR.",
            ) from error

    def journal_of(self, job_id: str, attempt: int) -> Path:
        return self.journal / f"{quote(job_id, safe='')}-{attempt}.journal"

    def work_of(self, job_id: str, attempt: int) -> Path:
        return self.work / f"{quote(job_id, safe='')}-{attempt}"

    def free_bytes(self) -> int:
        """What a user may still write to the disk of the state folder. Raises OSError."""
        faults.point("look", "disk")
        there = next(folder for folder in (self.root, *self.root.parents) if folder.exists())
        return shutil.disk_usage(there).free
