"""What all shapes have in common.

Numbers and truths that a caller sends are of the strict types: neither true nor "5" is an integer.
A number may be an integer as well.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt

Name = Annotated[str, Field(min_length=1, max_length=255)]
Id = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f/]+$")]
Priority = Annotated[StrictInt, Field(ge=0, le=20, description="0 is the most urgent.")]
Role = Literal["viewer", "operator", "developer", "admin"]


class Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)
