"""A rubric: the questions that a judge answers about every sample, in a TOML file of the user's.

model = "some-model"                 # optional; else the teacher judges
base_url = "http://127.0.0.1:8000/v1"  # optional; else where the teacher is

[[criteria]]
name = "natural"
question = "Would a person ask for this in these words?"
rejects = false                      # only a tag; by default anything but yes rejects the sample
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from toolweave.servers.errors import ConfigError
from toolweave.servers.misfit import first_misfit

Text = Annotated[str, Field(min_length=1, max_length=2_000)]


class Criterion(BaseModel):
    """One question; a flawless sample answers it with yes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    question: Text
    rejects: bool = True
    """Whether a sample is rejected where the answer is not yes; else the answer is only noted."""


class Rubric(BaseModel):
    """What a judge is asked, and who judges."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Text | None = None
    base_url: Text | None = None
    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _distinct(self) -> Rubric:
        names = [criterion.name for criterion in self.criteria]
        if len(set(names)) < len(names):
            raise ValueError("two criteria have the same name")
        return self


def load_rubric(path: Path) -> Rubric:
    """The rubric in a file.

    Raises:
        ConfigError: The file cannot be read, or is no rubric.
    """
    try:
        return Rubric.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as a rubric ({error})") from error
    except ValidationError as error:
        raise ConfigError(f"{path}: {first_misfit(error, 'the rubric')}") from error
