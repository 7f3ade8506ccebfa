"""The light installation: a bundle answers without the engine, and what needs the engine says which extra brings it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adequate.bundles import Bundle, pack
from tests.bundles.made import bundle, texts
from tests.light import ABSENT, BARE, light, verb

ASK = """
import json
from pathlib import Path
from adequate.bundles import Bundle
answers = Bundle.open(Path({path!r})).answer({asked!r})
print(json.dumps([answers.outputs["intent"].answers.tolist(), sorted(sys.modules)]))
"""


@pytest.mark.parametrize("zipped", [False, True], ids=["folder", "zip"])
def test_a_bundle_answers_without_the_engine(tmp_path: Path, zipped: bool) -> None:
    folder, _, _ = bundle(tmp_path)
    path = pack(folder) if zipped else folder
    done = light(ASK.format(path=str(path), asked=texts(20)), absent=[*ABSENT, *BARE, "click", "rich"])
    assert done.returncode == 0, done.stderr
    answers, modules = json.loads(done.stdout)
    assert answers == Bundle.open(folder).answer(texts(20)).outputs["intent"].answers.tolist()
    assert not {*ABSENT, *BARE, "click", "rich"} & {name.partition(".")[0] for name in modules}


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("predict", "--help")])
def test_the_command_line_works_without_the_engine(arguments: tuple[str, ...]) -> None:
    done = verb(*arguments)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["init", "board", "studio"])
def test_another_verb_says_which_extra_brings_it(name: str, tmp_path: Path) -> None:
    done = verb(name, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert "pip install 'adequate[engine]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words", [("serve", "--port", "0"), ("predict", "in.csv", "-o", "out.csv")], ids=lambda w: w[0]
)
def test_who_forgets_the_bundle_is_told_so_and_not_to_install_more(words: tuple[str, ...], tmp_path: Path) -> None:
    done = verb(*words, cwd=tmp_path)
    assert done.returncode == 3
    assert "no bundle is named" in done.stderr


@pytest.mark.parametrize("what", ["aq.open()", "aq.Engine", "aq.wrap"])
def test_so_does_python(what: str) -> None:
    done = light(
        f"import adequate as aq\ntry:\n    {what}\nexcept Exception as error:\n    print(type(error).__name__, error)"
    )
    assert done.stdout.startswith("MissingExtraError"), done.stderr
    assert "pip install 'adequate[engine]'" in done.stdout


def test_a_module_that_is_nobodys_extra_stays_its_own_error() -> None:
    done = light("from adequate.errors import installed\nwith installed():\n    import nobody_has_this")
    assert "ModuleNotFoundError: No module named 'nobody_has_this'" in done.stderr


def test_the_plugin_of_pytest_breaks_nothing_without_the_engine(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it():\n    pass\n")
    run = "import pytest\nsys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '-p', 'no:schemathesis', *{more!r}]))"
    done = light(run.format(more=["."]), cwd=tmp_path)
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    (tmp_path / "project.py").write_text("")
    asked = light(run.format(more=["--adequate", "."]), cwd=tmp_path)
    assert "pip install 'adequate[engine]'" in asked.stdout
