"""What is promised to others: names in `__all__` stay, and importing `adequate` costs little."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

import adequate

HEAVY = (
    "numpy",
    "lance",
    "duckdb",
    "onnxruntime",
    "onnx",
    "sqlalchemy",
    "pyarrow",
    "tokenizers",
    "matplotlib",
    "rich",
    "torch",
)

PROMISED = {
    "adequate": "Engine Project Target __version__ cases connect falls open perturb rises wrap",
    "adequate.spec": "EVERYTHING Project Slice Target Task cases falls rises",
    "adequate.store": (
        "Added Cell Entry Event Failure Look Minute Model Override QueueItem Recorded Release Rollout Serving Store "
        "Trigger create open"
    ),
    "adequate.store.formats": "Data inspect read together write",
    "adequate.store.formats.exchange": "FORMATS Losses Marked Said missing read told write",
    "adequate.labelling": "Ledger Policy adjudicated answer answer_all answered check settle spread taken_back undo",
    "adequate.encoders": "Encoder Identity Lexical content_ids embed identify part_of phrase",
    "adequate.training": "NEVER Aim Copies Head Learned Suspicion Tried Weights calibration_error digest learn "
    "load log_loss probabilities save suspicion temperature",
    "adequate.bundles": "Bundle Manifest pack write",
    "adequate.testing": "ALL Cell Comparison Counts Forecast Judgement Look Plan Sample Verdict believe compare count "
    "decide declared judge plan raised record uniforms",
    "adequate.perturb": (
        "ALL Effect Perturbation add_emoji add_fillers add_marks append blur brightness capitalise "
        "change_dates change_digits change_links change_names change_places changed contract contrast crop "
        "double_letters drop_letters drop_marks drop_stop_words drop_words end_marks expand flip gamma "
        "homoglyphs join_words jpeg keyboard_neighbour lexicon lower misspell named negate noise occlusion "
        "prepend quotes random_case repeat_marks repeat_words rotate scale shift shuffle_words spell_numbers "
        "split_words strip_diacritics swap_letters synonyms truncate upper widen_spaces"
    ),
    "adequate.mining": (
        "Knowledge Outlook Picks Policy Proposals Seen Shortfall "
        "batch_size confident exhausted outlook select share_out"
    ),
}


@pytest.mark.parametrize("part", PROMISED)
def test_each_part_has_the_names_that_it_promises_and_no_others(part: str) -> None:
    module = import_module(part)
    assert sorted(module.__all__) == sorted(PROMISED[part].split())
    assert all(getattr(module, name) is not None for name in module.__all__)


def test_importing_adequate_brings_no_engine_with_it() -> None:
    code = f"import sys, adequate; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_version_is_the_one_that_is_installed() -> None:
    from importlib.metadata import version

    assert adequate.__version__ == version("adequate")


def test_a_name_that_adequate_lacks_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'engine_room'"):
        _ = adequate.engine_room  # type: ignore[attr-defined]
