"""Which services answer for language models in a run, unless its nodes say otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from casare_rpa.settings import Settings

_SHORTEST_KEY = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class AiServices:
    """Where language models are asked, with which key, and the folder of vector collections.

    Empty addresses are those of the services themselves.
    """

    openai_base_url: str = ""
    openai_api_key: str = field(default="", repr=False)
    anthropic_base_url: str = ""
    anthropic_api_key: str = field(default="", repr=False)
    collections_dir: str = ""

    @classmethod
    def of(cls, settings: Settings, state_dir: Path) -> AiServices:
        return cls(
            openai_base_url=settings.openai_base_url,
            openai_api_key=settings.openai_api_key,
            anthropic_base_url=settings.anthropic_base_url,
            anthropic_api_key=settings.anthropic_api_key,
            collections_dir=settings.vectors_dir or str(state_dir / "vectors"),
        )

    @property
    def is_set(self) -> bool:
        """Whether a key or an address of one is given."""
        return any(
            (
                self.openai_base_url,
                self.openai_api_key,
                self.anthropic_base_url,
                self.anthropic_api_key,
            )
        )

    @property
    def keys(self) -> tuple[str, ...]:
        """What must not be seen. A shorter text is what servers get that ask for no key."""
        found = (self.openai_api_key, self.anthropic_api_key)
        return tuple(key for key in found if len(key) >= _SHORTEST_KEY)
