"""`adequate ship` as one types it: what it prints in a narrow terminal, a signature, one file; tests cost no look."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from adequate.bundles import Bundle, write
from adequate.cli.console import out
from adequate.cli.main import cli
from adequate.cli.ship import display
from adequate.errors import FormatError
from adequate.loop.engine import Engine
from adequate.loop.ship.confirm import Gate
from adequate.loop.ship.material import gather, teacher
from adequate.loop.ship.report import Shipped, in_bytes, in_seconds
from adequate.loop.ship.screen import Screen
from adequate.store import open as open_store


def ship(root: Path, *more: str) -> Result:
    """Within the time that is spent already: nothing new is tried."""
    return CliRunner().invoke(cli, ["ship", "-p", str(root), "--search", "1s", *more])


def test_figures_are_whole_in_a_narrow_terminal(found: Shipped, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(out, "_width", 80)
    with out.capture() as captured:
        display(found)
    printed = captured.get()
    assert "…" not in printed
    assert max(len(line) for line in printed.splitlines() if str(found.folder) not in line) <= 80
    for one in found.frontier:
        for figure in (in_bytes(one.bytes), in_seconds(one.seconds), in_seconds(one.alone), f"{one.flips:.1%}"):
            assert figure in printed


def test_a_release_is_signed_and_packed_into_one_file(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a file without a folder
    key = Ed25519PrivateKey.generate()
    Path("key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    Path("key.pub").write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    done = ship(root, "--sign", "key", "--zip", "release.zip")
    assert done.exit_code == 0, done.output
    shipped = Bundle.open(Path("release.zip"), trust=Path("key.pub"))
    assert (root / ".adequate" / "releases" / shipped.id / "bundle.sig").is_file()


def test_what_is_no_private_key_is_refused_before_the_search(root: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("open sesame")
    done = ship(root, "--sign", str(tmp_path / "key"))
    assert isinstance(done.exception, FormatError)
    assert "ssh-keygen" in str(done.exception)


TESTED = """

@project.behaviour(intent)
def says_what_is_meant():
    yield from aq.cases("{TEXTS}", expect="LABEL")

project.suite("cases.csv", intent)
"""


def test_a_candidate_that_breaks_a_written_case_costs_no_look(fresh: Path, tmp_path: Path) -> None:
    with open_store(fresh, beside=True, text="body") as store:
        plain = Engine.open(fresh).project
        model = teacher(store, plain)
        material, steer = gather(store, plain, model)
        head = model.heads["intent"]
        likely = head.probs(material.logits["intent"])[:, 0]
        texts = [material.texts[i] for i in np.argsort(-likely)[:4].tolist()]
        file = fresh / "project.py"
        written = TESTED.replace("TEXTS", "|".join(texts)).replace("LABEL", head.labels[0])
        file.write_text(file.read_text().replace("project.classify", "intent = project.classify") + written)
        (fresh / "cases.csv").write_text(f"body,intent\n{texts[0]},{head.labels[0]}\n")
        project = Engine.open(fresh).project
        gate, before = (Gate(store=store, project=one, model=model) for one in (project, plain))
        screen = Screen(material=material, steer=steer, cells=gate.cells, sealed=gate.labels, broken=gate.broken)
        # It answers the others as the model does: nothing but these cases speaks against it.
        never = replace(head, offsets=head.offsets - np.array([50, 0, 0, 0, 0, 0], np.float32))
        made = [
            write(tmp_path, project="mail", text="body", blocks=material.blocks, heads={"intent": one})
            for one in (head, never)
        ]
        same, worse = (Bundle.open(folder) for folder in made)
        assert gate.broken(same) == []
        assert "intent/all/says_what_is_meant/behaviour" in gate.broken(worse)[0]
        assert screen.look(same).hopeful
        assert not screen.look(worse).hopeful
        assert not store.looks.list(worse.id)
        searched = gate.searched
        assert searched != before.searched  # what was tried under other tests counts no more
        (fresh / "cases.csv").write_text(f"body,intent\n{texts[1]},{head.labels[0]}\n")
        assert gate.searched != searched
