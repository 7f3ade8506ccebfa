"""An adequate bundle becomes a release: with its card and its assertions, in its place, known to the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adequate.bundles import Bundle, write
from adequate.bundles.assertions import to_data
from adequate.bundles.card import card
from adequate.bundles.written import amend
from adequate.encoders import onnx
from adequate.loop.checks.keep import key_of
from adequate.loop.checks.predicted import predicted
from adequate.loop.ship.abstain import rules
from adequate.loop.ship.confirm import Confirmed, Gate
from adequate.shipping.search import Trial
from adequate.spec.cells import spelt
from adequate.store.connect import FOLDER
from adequate.store.releases import Release


def released(gate: Gate, bundle: Bundle, trial: Trial, verdict: Confirmed, *, who: str) -> Path:
    """Copy the bundle to `.adequate/releases/ID` with its card, store its cells and its record; returns the folder.

    Making it again changes the card in the store, and what the bundle carries of the project's declarations.
    """
    store, project = gate.store, gate.project
    gate.keep(bundle, verdict)
    seen = ((batch.inputs, batch.outputs) for batch in predicted(store, project, gate.model))
    assertions, stay = to_data(project.assertions.values(), seen)
    facts = _facts(gate, bundle, trial, verdict, stay)
    said: dict[str, Any] = {
        "assertions": tuple(assertions),
        "abstain": rules(store, project, bundle),
        "recording": None if project.recorded is None else asdict(project.recorded),
    }
    folder = write(
        store.root / FOLDER / "releases",
        project=project.name,
        text=project.text,
        blocks=list(bundle.blocks.values()),
        heads=bundle.heads,
        card=facts,
        **said,
    )
    assert folder.name == bundle.id, "what was gated is what is released"
    amend(folder, **said)  # where it was made before, other things were declared
    store.releases.put(
        Release(
            id=bundle.id,
            model=gate.model.name,
            path=str(folder.relative_to(store.root)),
            bytes=trial.bytes,
            seconds=trial.seconds,
            card=facts,
        ),
        who=who,
        why=f"adequate ship: {trial.recipe}",
    )
    return folder


def _facts(gate: Gate, bundle: Bundle, trial: Trial, verdict: Confirmed, stay: Sequence[str]) -> dict[str, Any]:
    store, model = gate.store, gate.store.models.get(gate.model.name)
    cells = [
        {
            "name": spelt(*key_of(row)),
            **{name: row[name] for name in ("state", "value", "low", "high", "target", "n", "change")},
        }
        for row in store.cells.read(bundle.id).to_pylist()
    ]
    encoder = any(block.kind != "ngrams" for block in bundle.blocks.values())
    return card(
        model=model.id,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        project=gate.project.name,
        data={
            "examples": store.examples.digest(),
            "labels up to event": model.label_seq,
            "gate labels": gate.labels,
            "project": gate.project.digest(),
        },
        licences={"all-MiniLM-L6-v2": onnx.WEIGHTS[0].licence} if encoder else {},
        cells=cells,
        edits=[str(trial.recipe), *trial.steps],
        sizes={"bytes": trial.bytes, "seconds a text": trial.seconds, "seconds alone": trial.alone},
        not_portable=stay,
        known={
            "verdict": verdict.outcome,
            "gate labels lost": verdict.lost,
            "gate labels won": verdict.won,
            "texts answered differently": trial.flips,
        },
    )
