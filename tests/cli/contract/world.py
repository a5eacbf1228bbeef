"""The things that the cases name, made in a real orchestrator or folder when first named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

from agent.attempt import Grant
from agent.journal.file import Journal
from agent.machine.folders import Folders
from agent.machine.status import running_agent
from casare_cli.profiles.toml_files import set_values
from casare_rpa.client import OrchestratorClient
from casare_rpa.secrets.file import SecretFile
from casare_rpa.settings import Settings
from casare_rpa.store import open_store
from casare_rpa.store.sqlite.backup import backup
from tests.cli.conftest import document
from tests.cli.contract.inside import Place
from tests.cli.support import (
    Cli,
    Robot,
    Server,
    eventually,
    log_event,
    start_server,
    steps,
)

#: What a terminal would obey, a wide character, and one that is no Latin-1.
NASTY = "Größe \x1b[666m\x9b7m\u202e表格😀→ invoices"


class World(Mapping[str, str]):
    """`{job}` is made once, `{new_job}` each time."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self._server = server
        self._ended = ExitStack()
        self._client = OrchestratorClient(server.url, server.admin_key)
        self._robot = Robot(server, f"contract-{uuid4().hex[:8]}")
        self._kept: dict[str, str] = {}
        self._makers: dict[str, Callable[[], str]] = {
            "agent": self._agent,
            "dead_job": self._dead_job,
            "file": self._file,
            "folder": lambda: str(self.folder),
            "job": self._job,
            "journal": self._journal,
            "key_file": self._key_file,
            "profile": self._profile,
            "robot": lambda: self._robot.robot_id,
            "saved": self._saved,
            "schedule": self._schedule,
            "service": self._service,
            "workflow": self._workflow,
            "database": self._database,
            "new_dead_job": self._dead_job,
            "new_file": lambda: str(self._unused()),
            "new_folder": lambda: str(self._unused()),
            "new_job": self._waiting_job,
            "new_key": lambda: self._client.create_key({"role": "viewer"})["key"]["id"],
            "new_profile": lambda: self._profile(f"p-{uuid4().hex[:8]}"),
            "new_robot": self._other_robot,
            "new_robot_key": self._robot_key,
            "new_schedule": self._schedule,
            "new_secret": self._secret,
            "new_workflow": self._workflow,
        }

    def place(self, *, terminal: bool = False, encoding: str = "utf-8", **env: str) -> Place:
        """Where a command runs that knows the orchestrator and an administrator's key."""
        own = {
            **{"HOME": str(self.folder), "COLUMNS": "100", "TERM": "xterm", "LANG": "C.UTF-8"},
            **{"PATH": "/usr/bin:/bin", "CASARE_STATE_DIR": str(self.folder / "nobody")},
            **self._server.env(self._server.admin_key),
        }
        return Place(folder=self.folder, env=own | env, terminal=terminal, encoding=encoding)

    def close(self) -> None:
        self._ended.close()
        self._client.close()
        self._robot.client.close()

    def __getitem__(self, name: str) -> str:
        if name.startswith("new_"):
            return self._makers[name]()
        if name not in self._kept:
            self._kept[name] = self._makers[name]()
        return self._kept[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)

    def _unused(self) -> Path:
        return self.folder / uuid4().hex

    def _workflow(self) -> str:
        name = f"w-{uuid4().hex[:8]}"
        pushed = {"workflow_id": name, "workflow_name": NASTY + name, "workflow_json": document()}
        return str(self._client.push_workflow(pushed)["workflow_id"])

    def _submit(self, robot_id: str) -> str:
        request = {
            "workflow_id": self["workflow"],
            "robot_id": robot_id,
            "input_data": {"x": NASTY},
        }
        return str(self._client.submit(request)["job_id"])

    def _job(self) -> str:
        self._submit(self._robot.robot_id)
        return self._robot.run(
            *steps("greet"), log_event(NASTY), result={"variables": {"y": NASTY}}
        )

    def _dead_job(self) -> str:
        self._submit(self._robot.robot_id)
        return self._robot.run(log_event("x"), status="failed", error_message=NASTY)

    def _waiting_job(self) -> str:
        return self._submit("nobody")

    def _schedule(self) -> str:
        request = {"workflow_id": self["workflow"], "cron_expression": "@yearly"}
        made = self._client.create_schedule({**request, "schedule_name": NASTY + uuid4().hex})
        return str(made["schedule_id"])

    def _secret(self) -> str:
        """The name of a secret in the file of `{folder}`'s user."""
        name = f"s-{uuid4().hex[:8]}"
        path = self.folder / ".config" / "casare-rpa" / "secrets.json"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        SecretFile(path=path).set(name, "password", "canary")
        return name

    def _other_robot(self) -> str:
        other = Robot(self._server, f"other-{uuid4().hex[:8]}")
        other.client.close()
        return other.robot_id

    def _robot_key(self) -> str:
        request = {"robot_id": self._robot.robot_id, "name": NASTY}
        return str(self._client.create_robot_key(request)["key"]["id"])

    def _key_file(self) -> str:
        """A file with a key of the robot."""
        request = {"robot_id": self._robot.robot_id, "name": "own"}
        path = self._unused()
        path.write_text(self._client.create_robot_key(request)["api_key"])
        return str(path)

    def _profile(self, name: str = "contract") -> str:
        """The name of a profile in the settings of `{folder}`'s user."""
        path = self.folder / ".config" / "casare-rpa" / "config.toml"
        set_values(path, {("profiles", name, "robot_name"): NASTY})
        return name

    def _file(self) -> str:
        path = self.folder / "greet.json"
        path.write_text(json.dumps(document(), indent=2))
        return str(path)

    def _database(self) -> str:
        """The folder of a database that no server uses."""
        folder = self._unused()
        folder.mkdir()
        url = f"sqlite:///{folder / 'orchestrator.db'}"
        open_store(url, Settings(database=url)).close()
        return str(folder)

    def _saved(self) -> str:
        saved = self._unused()
        backup(Path(self["database"]) / "orchestrator.db", saved, force=False)
        return str(saved)

    def _journal(self) -> str:
        """The name of a journal in `{folder}` whose attempt did not end."""
        self._submit(self._robot.robot_id)
        job_id = self._robot.claim()
        grant = Grant.parse(self._robot.grant)
        folders = Folders.open(Settings(state_dir=str(self.folder)))
        head = grant.for_journal(self._robot.robot_id)
        Journal.create(folders.journal_of(job_id, grant.attempt), head, fsync_seconds=0.05).close()
        self._robot.finish()
        return f"{job_id}-{grant.attempt}"

    def _service(self) -> str:
        """The name of a service that this user has installed."""
        self.place().run("agent", "install", "--user", "--name", "contract")
        return "contract"

    def _agent(self) -> str:
        """The state folder of an agent that is at work."""
        # At an orchestrator of its own: a robot takes whatever is for everybody, and at the
        # shared one those are the jobs of other tests.
        server = start_server(self._unused())
        self._ended.callback(server.stop)
        folder, robot_id = self._unused(), f"agent-{uuid4().hex[:8]}"
        with server.client(server.admin_key) as admin:
            key = admin.create_robot_key({"robot_id": robot_id, "name": "own"})["api_key"]
        cli = Cli(self.folder, {**server.env(key), "CASARE_STATE_DIR": str(folder)})
        self._ended.callback(cli.end)
        cli.start("agent")
        eventually(lambda: (running_agent(folder) or {}).get("robot_id"))
        return str(folder)
