"""What commands share: settings, the key, the client and the output, each made when asked for."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casare_cli.output import Format, Output

if TYPE_CHECKING:
    from casare_rpa.client import OrchestratorClient
    from casare_rpa.settings import Settings


@dataclass(kw_only=True)
class App:
    """The options that every command takes, and what follows from them."""

    url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    output: Format | None = None
    quiet: bool = False
    debug: bool = False
    no_color: bool = False
    #: The key that the client was made with; None until then, empty if none was found.
    key: str | None = field(default=None, repr=False)

    @cached_property
    def out(self) -> Output:
        return Output(self.output or Format.TABLE, quiet=self.quiet, color=not self.no_color)

    @cached_property
    def settings(self) -> Settings:
        """The settings from files, environment and options; `api_key` only if given in those."""
        return self.settings_with()

    def settings_with(self, **options: Any) -> Settings:
        """The settings with a command's own options, those that are not None, on top."""
        from casare_rpa.settings import Settings

        return Settings.load(config_files(), orchestrator_url=self.url, **options)

    def settings_with_key(self, **options: Any) -> Settings:
        """The settings of a program that signs in: with the key, wherever it comes from."""
        from dataclasses import replace

        settings = self.settings_with(**options)
        return replace(settings, api_key=self._key(settings))

    @cached_property
    def state_dir(self) -> Path:
        """The folder for what the roles on this machine write."""
        if self.settings.state_dir:
            return Path(self.settings.state_dir)
        import platformdirs

        return platformdirs.user_state_path("casare-rpa")

    def client(self, *, or_admin_key: bool = False) -> OrchestratorClient:
        """A client with the key. *or_admin_key* takes the one of an orchestrator on this machine
        when there is no other: for making the first keys."""
        settings = self.settings
        key = self._key(settings) or (self._admin_key(settings) if or_admin_key else "")
        self.key = key
        return _client_class()(
            settings.orchestrator_url,
            key,
            connect_timeout_seconds=settings.connect_timeout_seconds,
            request_timeout_seconds=settings.request_timeout_seconds,
        )

    @cached_property
    def _key_of_option(self) -> str:
        """Read once: stdin and descriptors cannot be read again."""
        from casare_cli import key_sources

        word = self.api_key or ""
        if key_sources.is_literal(word):
            self.out.note(
                "note: other users of this machine can see a key on the command line;"
                " --api-key file:PATH and CASARE_API_KEY_FILE hide it"
            )
        return key_sources.from_option(word)

    def _key(self, settings: Settings) -> str:
        if self.api_key is not None:
            return self._key_of_option
        if key := settings.api_key.strip():  # a variable made from a file may end in CR or LF
            return key
        from casare_cli import key_sources

        return key_sources.stored(settings.orchestrator_url)

    def _admin_key(self, settings: Settings) -> str:
        from casare_cli import key_sources

        key = key_sources.admin_key(self.state_dir, settings.orchestrator_url)
        if key:
            self.out.note(f"note: using the admin key in {self.state_dir / 'admin.key'}")
        return key


def _client_class() -> type[OrchestratorClient]:
    """The client, imported without httpx's own command line.

    httpx brings that along wherever click is installed, and with it click and rich: half as much
    again to wait for.
    """
    if "click" in sys.modules or "httpx" in sys.modules:
        from casare_rpa.client import OrchestratorClient

        return OrchestratorClient
    sys.modules["click"] = None  # type: ignore[assignment]
    try:
        from casare_rpa.client import OrchestratorClient
    finally:
        del sys.modules["click"]
    return OrchestratorClient


def config_files() -> list[Path]:
    """The settings files in the order they are read; later ones win."""
    import platformdirs

    name = "config.toml"
    site = Path(platformdirs.site_config_dir("casare-rpa", appauthor=False))
    user = Path(platformdirs.user_config_dir("casare-rpa", appauthor=False))
    system = [Path("/etc/casare-rpa") / name] if site != Path("/etc/casare-rpa") else []
    return [*system, site / name, user / name]
