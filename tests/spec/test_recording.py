"""What servers may keep is declared once, is data, and makes no other model."""

from __future__ import annotations

from dataclasses import asdict

import orjson
import pytest

from adequate.errors import SpecError
from adequate.spec import Project
from adequate.spec.python import written
from adequate.spec.recording import Recording


def declared() -> Project:
    project = Project("mail", text="body")
    project.recording(rate=0.05, redact=["email", r"\b\d{6}\b"], keep_days=7, columns=["channel"])
    return project


def test_a_recording_is_no_part_of_what_models_are_named_by() -> None:
    assert declared().digest() == Project("mail", text="body").digest()


def test_a_recording_comes_back_from_python_and_from_a_bundle() -> None:
    project = declared()
    held: dict[str, Project] = {}
    exec(written(project), held)  # as project.py is run
    assert held["project"].recorded == project.recorded
    assert project.recorded is not None
    assert Recording.from_data(orjson.loads(orjson.dumps(asdict(project.recorded)))) == project.recorded
    assert Recording.from_data(None) == Recording()


def test_options_go_over_what_is_declared() -> None:
    assert declared().recorded.over(rate=0.5, redact=None).rate == 0.5  # type: ignore[union-attr]
    with pytest.raises(SpecError, match="emial"):
        Recording().over(redact=["emial"])


def test_a_second_recording_is_refused_at_its_line() -> None:
    project = declared()
    with pytest.raises(SpecError, match=r"test_recording\.py:\d+: the recording is declared already"):
        project.recording(rate=0.1)
