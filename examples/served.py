"""A release of a project at work: one request answered, and one violation that comes back to the labellers.

    python examples/served.py FOLDER

starts `adequate serve` in the project's folder, asks it a question as any program would, then what the model was never
taught; ends the server, lets `adequate run` bring back what was recorded, and shows what of it waits in the queue.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import adequate as aq

ADEQUATE = str(Path(sys.executable).with_name("adequate"))
USUAL = "Crude oil prices rose after OPEC ministers agreed to cut production by 1.5 million barrels a day."
STRANGE = [
    "Could you recommend a recipe for pancakes without eggs?",
    "My cat has been sleeping on the keyboard all morning.",
    "What time does the last bus to the airport leave?",
    "She scored twice in the second half and was carried off the pitch.",
    "The museum's new wing opens in spring with a show of glass.",
    "Please remind me to water the tomatoes tonight.",
    "Why do dogs tilt their heads?",
]


def main(folder: Path) -> None:
    """Serve, ask, end, bring back."""
    log = folder / "serve.log"
    with log.open("w") as file:
        command = [ADEQUATE, "serve", "--project", str(folder), "--port", "0", "--record", "5%"]
        server = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
    try:
        address = listening(log, server)
        print(f"$ adequate serve --record 5% &      # {address}", flush=True)
        print("what it was made for:")
        show(USUAL, asked(address, USUAL))
        print("what it was never taught; an answer less sure than the assertion allows is a violation:")
        for text in STRANGE:
            show(text, asked(address, text))
    finally:
        server.terminate()
        server.wait(30)
    print("$ adequate run      # what the server recorded comes back", flush=True)
    command = [ADEQUATE, "run", "--project", str(folder), "--until", "waiting"]
    board = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout
    print(board[board.rfind("next:") :].strip())
    print("of these questions from production:", flush=True)
    with aq.open(folder).store() as store:
        for item in store.queue.waiting():
            if item.policy == "assertion":
                print(f"  {item.text!r}\n    {item.why}")


def listening(log: Path, server: subprocess.Popen[bytes]) -> str:
    """Where the server is, once it says so."""
    for _ in range(600):
        if found := re.search(r"http://[\d.]+:\d+", log.read_text("utf-8")):
            return found[0]
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise SystemExit(f"the server didn't start:\n{log.read_text('utf-8')}")


def asked(address: str, text: str) -> dict[str, Any]:
    """One request, as any program would make it."""
    body = json.dumps({"text": text}).encode()
    request = urllib.request.Request(f"{address}/predict", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def show(text: str, said: dict[str, Any]) -> None:
    """Question and answer, in a line."""
    for task, output in said["outputs"].items():
        print(f"  {text!r}\n    {task} {output['labels'][0]}, confidence {output['confidence'][0]:.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
