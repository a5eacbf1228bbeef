"""What commands share: settings, the key, the client and the output, each made when asked for."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casare_cli.terminal.output import Format, Output, TimeFormat
from casare_cli.terminal.shaping import Query, Shape, field_names
from casare_rpa.errors import ConfigInvalid, InvalidInput

if TYPE_CHECKING:
    from casare_cli.keys.sources import FoundKey
    from casare_rpa.client import OrchestratorClient
    from casare_rpa.setting_sources import Given
    from casare_rpa.settings import Settings


@dataclass(kw_only=True)
class App:
    """The options that every command takes, and what follows from them."""

    url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    output: Format | None = None
    json: str | None = None
    query: str | None = None
    time_format: TimeFormat | None = None
    quiet: bool = False
    debug: bool = False
    no_color: bool = False
    profile: str | None = None
    ca_file: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    #: The key that the client was made with; None until then, empty if none was found.
    key: str | None = field(default=None, repr=False)
    #: Where that key was found, in words.
    key_place: str = ""
    #: By address and profile: a keyring that does not answer is not asked twice.
    _stored: dict[tuple[str, str], FoundKey] = field(default_factory=dict, repr=False)

    #: What of the answer is printed.
    shape: Shape = field(default_factory=Shape)

    @cached_property
    def out(self) -> Output:
        return Output(
            self.format,
            quiet=self.quiet,
            color=not self.no_color,
            shape=self.shape,
            time_format=self.time_format,
        )

    @property
    def format(self) -> Format:
        """What -o says, else JSON where a part of the JSON is asked for, else the settings."""
        asks_for_part = self.json is not None or self.query is not None
        return self.output or (Format.JSON if asks_for_part else self._usual_format)

    @property
    def _usual_format(self) -> Format:
        """What the settings say. A mistake in them is told by whatever needs more of them."""
        if "CASARE_OUTPUT" not in os.environ and not any(map(Path.exists, config_files())):
            return Format.TABLE
        try:
            return Format(self.settings.output)
        except ConfigInvalid:
            return Format.TABLE

    def shape_answers_of(self, command: str) -> None:
        """Read --json and --query for *command*, before it does anything. Raises InvalidInput."""
        fields: tuple[str, ...] = ()
        if self.json is not None:
            from casare_cli.schemas import known_fields

            self._refuse_formats("--json", Format.TABLE, Format.NAME)
            fields = field_names(self.json, known_fields(command), command)
        if self.query is not None:
            self._refuse_formats("--query", Format.TABLE)
        query = Query(self.query) if self.query is not None else None
        self.shape = Shape(fields=fields, query=query)

    def _refuse_formats(self, option: str, *formats: Format) -> None:
        if self.output in formats:
            raise InvalidInput(
                f"{option} goes with JSON or YAML, not with -o {self.output}",
                hint=f"Leave -o {self.output} away, or use -o yaml or -o jsonl.",
            )

    @cached_property
    def settings(self) -> Settings:
        """The settings from files, environment and options; `api_key` only if given in those."""
        return self.settings_with()

    def settings_with(self, **options: Any) -> Settings:
        """The settings with a command's own options, those that are not None, on top."""
        from casare_rpa.settings import Settings

        return Settings.of(self.given(**options))

    def given(self, **options: Any) -> dict[str, Given]:
        """What each setting is given, and where, with a command's *options* on top."""
        from casare_rpa.settings import gather

        return gather(config_files(), **(self._own_options() | options))

    def _own_options(self) -> dict[str, str | None]:
        names = ("profile", "ca_file", "client_cert", "client_key")
        return {"orchestrator_url": self.url, **{name: getattr(self, name) for name in names}}

    def settings_with_key(self, **options: Any) -> Settings:
        """The settings of a program that signs in: with the key, wherever it comes from."""
        from dataclasses import replace

        settings = self.settings_with(**options)
        return replace(settings, api_key=self.find_key(settings).key)

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
        found = self.find_key(settings)
        key = found.key or (self._admin_key(settings) if or_admin_key else "")
        self.key, self.key_place = key, found.place
        return _client_class().of(settings, key)

    @cached_property
    def key_of_option(self) -> str:
        """Read once: stdin and descriptors cannot be read again."""
        from casare_cli.keys import sources as key_sources

        word = self.api_key or ""
        if key_sources.is_literal(word):
            self.out.aside(
                "note: other users of this machine can see a key on the command line, and the"
                " shell's history keeps it; --api-key file:PATH and casare-rpa login do not"
            )
        return key_sources.from_option(word)

    def find_key(self, settings: Settings) -> FoundKey:
        """The key for the orchestrator of *settings*, from the first source that has one."""
        from casare_cli.keys.sources import FoundKey, again_from_option, stored

        if self.api_key is not None:
            return FoundKey(self.key_of_option, "--api-key", again_from_option(self.api_key))
        if key := settings.api_key.strip():  # a variable made from a file may end in CR or LF
            return FoundKey(key, self.given()["api_key"].place)
        where = settings.orchestrator_url, settings.profile
        if where not in self._stored:
            self._stored[where] = stored(*where)
        return self._stored[where]

    def _admin_key(self, settings: Settings) -> str:
        from casare_cli.keys import sources as key_sources

        key = key_sources.admin_key(self.state_dir, settings.orchestrator_url)
        if key:
            self.out.aside(f"note: using the admin key in {self.state_dir / 'admin.key'}")
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


def user_config_file() -> Path:
    """The settings file of this user, which `config set` writes."""
    return config_files()[-1]
