"""The real application over a real SQLite file, with a clock that a test moves by hand."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx

from casare_rpa.domain.keys import make_key
from casare_rpa.orchestrator.access.new_keys import new_key
from casare_rpa.orchestrator.app import create_app
from casare_rpa.orchestrator.memory.wakeups import Wakeups
from casare_rpa.settings import Settings
from casare_rpa.store import Store, open_store
from tests.contract.world import HandClock
from tests.orchestrator.support import workflow_document

ROBOTS = ("r1", "r2")
#: No look by itself: a test says when. No wait after a loss: it would be a matter of chance.
SETTINGS = Settings(reap_every_seconds=3600, lost_backoff_seconds=0, rate_limits=False)


class Served:
    """Calls go through the whole application, from the bytes of the request on."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self._folder = Path(tempfile.mkdtemp(prefix="served-"))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="served")
        self._thread.start()
        self._keys: dict[str, str] = {}
        self._start()
        self._make_keys()
        workflow = {"workflow_name": "w", "workflow_json": workflow_document("w")}
        pushed = self.call("admin", "POST", "/workflows", workflow | {"workflow_id": "w"})
        assert pushed.is_success, pushed.text

    def _start(self) -> None:
        wakeups = Wakeups()
        url = f"sqlite:///{self._folder / 'jobs.db'}"
        self.store: Store = open_store(url, SETTINGS, on_change=wakeups.notify, clock=self.clock)
        app = create_app(self.store, SETTINGS, wakeups=wakeups)
        self._life: AbstractAsyncContextManager[Any] = app.router.lifespan_context(app)
        self._wait(self._life.__aenter__())
        transport = httpx.ASGITransport(app=app)
        self._http = httpx.AsyncClient(transport=transport, base_url="http://localhost")

    def _make_keys(self) -> None:
        admin = make_key("sk_live")
        self.store.create_key(new_key(admin, name="admin", role="admin"))
        self._keys["admin"] = admin.text
        for robot in ROBOTS:
            key = make_key("robot")
            self.store.create_key(new_key(key, name=robot, robot_id=robot))
            self._keys[robot] = key.text

    def call(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One request and its answer."""
        return self._wait(
            self._http.request(
                method,
                f"/api/v1{path}",
                json=body,
                headers={"Authorization": f"Bearer {self._keys[who]}", **headers},
            )
        )

    def restart(self, away_seconds: float) -> None:
        """The server ends; nothing but its file is left when it comes back."""
        self._stop()
        self.clock.advance(away_seconds)
        self._start()

    def close(self) -> None:
        self._stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        shutil.rmtree(self._folder)

    def _stop(self) -> None:
        self._wait(self._http.aclose())
        self._wait(self._life.__aexit__(None, None, None))
        self.store.close()

    def _wait(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)
