"""HateCheck as a suite that is imported: a cell for each of its 29 functionalities, in seconds.

    git clone https://github.com/paul-rottger/hatecheck-data
    python examples/hatecheck/run.py SMSSpamCollection hatecheck-data/test_suite_cases.csv FOLDER

The model is trained by the loop on other data: the SMS Spam Collection (UCI; a line is `ham` or `spam`, a tab, a text).
What it learnt isn't hate, and the suite shows how far that goes.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ADEQUATE = str(Path(sys.executable).with_name("adequate"))  # the one of this Python, whatever PATH says


def main() -> None:
    """From the two files to the suite's cells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("messages", type=Path, help="SMSSpamCollection")
    parser.add_argument("cases", type=Path, help="HateCheck's test_suite_cases.csv")
    parser.add_argument("folder", type=Path, help="where to make the project; must not be there yet")
    given = parser.parse_args()
    folder = given.folder.resolve()
    folder.mkdir(parents=True)
    shutil.copyfile(HERE / "project.py", folder / "project.py")
    shutil.copyfile(given.cases, folder / "test_suite_cases.csv")
    with (folder / "messages.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "unwanted"])
        for line in given.messages.read_text("utf-8").splitlines():
            kind, _, text = line.partition("\t")
            rows.writerow([text, "yes" if kind == "spam" else "no"])

    adequate(folder, "add", "--hide-labels", "messages.csv", "--project", str(folder))
    adequate(folder, "run", "--oracle", "messages.csv", "--labels", "800")
    adequate(folder, "test", "--only", "hatecheck")


def adequate(folder: Path, *words: str) -> None:
    """Run a verb in the project, as a person would; what it prints is seen at once."""
    print(f"\n$ adequate {' '.join(words)}", flush=True)
    subprocess.run([ADEQUATE, *words], cwd=folder, check=False)


if __name__ == "__main__":
    main()
