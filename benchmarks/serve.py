"""How near does the server come to the model alone, and to a server that others built? Ratios, all from one run.

    python benchmarks/serve.py [--rounds 5] [--litserve] [--bundle FOLDER] [--fast FOLDER]

1. An int8 encoder, a text a request: texts/s of `adequate serve` with 32 clients, for threads in one process and for a
   process a core, against tokeniser and ONNX Runtime alone: the same texts, 32 at a time, in their best layout, without
   a head, HTTP or clients. With --litserve against LitServe with the same bundle too, its batches answered by our own
   `Bundle.answer` (a text at a time, which is most of what makes a server fast here) and padded, as it is meant.
   Goals: 0.85 of the model alone; 1.5 times LitServe with 32 clients, and 3 times with one.
2. A bundle without a transformer: requests/s by texts a request, as JSON and as Arrow, beside an application that
   answers a constant; what a request costs server and clients in CPU time, what part of that is the model, seconds
   from the start to the first answer, and memory. Goals: 10,000 requests/s of 32 texts, 0.5 s, 120 MB.

All that is compared stays up and takes turns in short slices, so that whatever else the machine does meets all alike;
a ratio is the median over the rounds, of two neighbours each. Clients are a process of their own and share the cores
with the server: their cost is in the rates, and told. CPU time tells where the machine is busy otherwise, and what the
cores would do if clients were elsewhere. Three minutes, five with --litserve.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import venv
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent
CORES = len(os.sched_getaffinity(0))
ARROW = "application/vnd.apache.arrow.stream"
SLICE = 2.0  # seconds
Run = Callable[[], dict[str, float]]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bundle", type=Path, help="of an encoder, instead of one made from public weights")
    parser.add_argument("--fast", type=Path, help="a bundle without a transformer, instead of a made one")
    parser.add_argument("--litserve", action="store_true", help="measure LitServe too; installed for the while")
    parser.add_argument("--only", choices=["encoder", "fast"])
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        texts = sample()
        if args.only != "fast":
            encoder(args.bundle or encoding(Path(folder)), texts, args.rounds, litserve=args.litserve)
        if args.only != "encoder":
            fast(args.fast or static(Path(folder), texts), texts, args.rounds)


def encoder(bundle: Path, texts: Sequence[str], rounds: int, *, litserve: bool) -> None:
    """One text a request."""
    bodies = [json.dumps({"text": text}) for text in texts]
    threads, processes = f"{CORES} threads", f"{CORES} processes"
    with ExitStack() as up:
        raw = up.enter_context(alone("encoder", bundle, texts))
        servers = {
            threads: up.enter_context(served(bundle, "--workers", "1")),
            processes: up.enter_context(served(bundle, "--workers", str(CORES))),
        }
        if litserve:
            python = up.enter_context(installed())
            for how in ("padded", "ours"):
                for workers in (1, CORES):
                    name = f"LitServe {how}, {workers} workers"
                    servers[name] = up.enter_context(other(python, bundle, workers, how))
        raw(2 * SLICE)
        for server in servers.values():
            server.asked(bodies, 32, 1.0)
        runs: dict[str, Run] = {"alone": lambda: raw(SLICE)}
        for name, server in servers.items():
            runs[name] = partial(server.asked, bodies, 32, SLICE)
        for name, server in servers.items():
            runs[f"{name}, 1 client"] = partial(server.asked, bodies, 1, SLICE / 2)
        found = in_turn(runs, rounds)
    print(f"an int8 encoder, a text a request, {CORES} cores; x: of the model alone")
    for name, each in found.items():
        line = f"{name:>36}: {median(run['rate'] for run in each):7.0f} texts/s {ratio(found, name, 'alone'):5.2f} x"
        line += f"  CPU a text: {cost(each) * 1e3:5.2f} ms"
        line += f" + clients' {cost(each, 'clients') * 1e3:4.2f}" if "p50" in each[0] else ""
        print(line + (told(each) if "p50" in each[0] else ""))
    best = max((threads, processes), key=lambda name: ratio(found, name, "alone"))
    goal(f"{best} / the model alone", ratio(found, best, "alone"), 0.85)
    print(f"  in CPU a text, without the clients': {cost(found['alone']) / cost(found[best]):.2f}")
    for name in [name for name in servers if name.startswith("LitServe")]:
        goal(f"{best} / {name}, 32 clients", ratio(found, best, name), 1.5)
        goal(f"{best} / {name}, 1 client", ratio(found, f"{best}, 1 client", f"{name}, 1 client"), 3.0)


def fast(bundle: Path, texts: Sequence[str], rounds: int) -> None:
    """A bundle that takes microseconds a text, by texts a request."""
    with ExitStack() as up:
        pace = up.enter_context(alone("bundle", bundle, texts))
        servers = {n: up.enter_context(served(bundle, "--workers", str(n))) for n in (1, CORES)}
        bare = up.enter_context(started([sys.executable, HERE / "serving/bare.py", "900"]))
        runs: dict[str, Run] = {"model": lambda: pace(SLICE / 4)}
        for size in (1, 8, 32, 256):
            parts = [texts[i : i + size] for i in range(0, len(texts) - size, size)][:256]
            bodies = [json.dumps({"texts": part}) for part in parts]
            for n, server in servers.items():
                runs[f"{n} processes, {size} texts"] = partial(server.asked, bodies, 32, SLICE / 2)
            if size == 32:
                runs["a constant, 32 texts"] = partial(bare.asked, bodies, 32, SLICE / 2)
                runs["Arrow, 32 texts"] = partial(servers[1].asked, [*map(table, parts)], 32, SLICE / 2, ARROW)
        for run in runs.values():
            run()
        found = in_turn(runs, rounds)
    model = cost(found.pop("model"))
    print(f"\na bundle without a transformer, 32 clients, {CORES} cores")
    print(f"{'the model alone':>24}: {model * 1e6:.1f} us of CPU a text, 256 at a time")
    for name, each in found.items():
        size = int(name.split()[-2])
        each_cost, rate = cost(each), median(run["rate"] for run in each)
        print(
            f"{name:>24}: {rate:7.0f} requests/s {rate * size:8.0f} texts/s{told(each)}  "
            f"CPU a request: {each_cost * 1e6:5.0f} us + clients' {cost(each, 'clients') * 1e6:3.0f}, "
            f"{0.0 if 'constant' in name else min(1.0, model * size / each_cost):4.0%} the model; "
            f"{CORES / each_cost:6.0f} requests/s of {CORES} cores without the clients"
        )
    of = max(median(run["rate"] for run in found[f"{n} processes, 32 texts"]) for n in (1, CORES))
    goal("requests/s of 32 texts", of, 10_000)
    starts, memory = zip(*(cold(bundle) for _ in range(rounds)), strict=True)
    goal("seconds to the first answer", median(starts), 0.5, most=True)
    goal("MB of memory after it", median(memory), 120, most=True)


def in_turn(runs: dict[str, Run], rounds: int) -> dict[str, list[dict[str, float]]]:
    """What each found, round by round."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            found[name].append(run())
    return found


def ratio(found: dict[str, list[dict[str, float]]], one: str, other: str) -> float:
    """Of two rates, of the same round each."""
    return median(a["rate"] / b["rate"] for a, b in zip(found[one], found[other], strict=True))


def cost(runs: Sequence[dict[str, float]], whose: str = "cpu") -> float:
    """Seconds of CPU a request."""
    return median(run[whose] / run["n"] for run in runs)


def told(runs: Sequence[dict[str, float]]) -> str:
    """Times, and answers that were none."""
    p50, p99 = (median(run[key] for run in runs) for key in ("p50", "p99"))
    return f"  p50 {p50:6.2f} ms  p99 {p99:6.2f} ms  not 200: {sum(run['bad'] for run in runs):.0f}"


def goal(what: str, found: float, wanted: float, *, most: bool = False) -> None:
    """Whether it was reached."""
    reached = found <= wanted if most else found >= wanted
    said = f"{found:,.2f}" if found < 1000 else f"{found:,.0f}"
    bound = f"{'at most' if most else 'at least'} {wanted:,}"
    print(f"  {'reached' if reached else 'MISSED'}: {what}: {said} (goal: {bound})")


@contextmanager
def alone(kind: str, bundle: Path, texts: Sequence[str]) -> Iterator[Callable[[float], dict[str, float]]]:
    """The model without a server; call with seconds for what it does in a slice (`serving/alone.py`)."""
    command = [sys.executable, str(HERE / "serving/alone.py"), kind, str(bundle), str(CORES)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(list(texts)) + "\n")

        def run(seconds: float) -> dict[str, float]:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{seconds}\n")
            process.stdin.flush()
            rate, cpu = map(float, process.stdout.readline().split())
            return {"rate": rate, "cpu": cpu, "n": rate * seconds}

        yield run


def load(
    port: int, bodies: Sequence[str | bytes], clients: int, seconds: float, kind: str = "application/json"
) -> dict[str, float]:
    """Requests/s and milliseconds, as clients in a process of their own saw it."""
    command = [sys.executable, str(HERE / "serving/client.py"), str(port), str(clients), str(seconds), kind]
    lines = b"\n".join(b64encode(body.encode() if isinstance(body, str) else body) for body in bodies)
    ran = subprocess.run(command, input=lines, stdout=subprocess.PIPE, check=True)
    found: dict[str, float] = json.loads(ran.stdout)
    return found


def table(texts: Sequence[str]) -> bytes:
    """An Arrow stream of one column."""
    import pyarrow as pa

    batch, sink = pa.record_batch({"text": list(texts)}), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


@dataclass(frozen=True)
class Served:
    """A server at work: its process, which leads a group, and its port."""

    process: int
    port: int

    def asked(
        self, bodies: Sequence[str | bytes], clients: int, seconds: float, kind: str = "application/json"
    ) -> dict[str, float]:
        """What `load` finds, and `cpu`: seconds that all processes of the group took for it."""
        before = self._seconds()
        found = load(self.port, bodies, clients, seconds, kind)
        return found | {"cpu": self._seconds() - before}

    def _seconds(self) -> float:
        ticks = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                said = path.read_text().rsplit(")", 1)[1].split()
            except OSError:  # it ended meanwhile
                continue
            ticks += int(said[11]) + int(said[12]) if int(said[2]) == self.process else 0
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(bundle: Path, *options: str) -> Iterator[Served]:
    """`adequate serve`."""
    command = [sys.executable, "-m", "adequate.cli.main", "serve", str(bundle), "--port", "0", *options]
    with started(command) as server:
        yield server


@contextmanager
def started(command: Sequence[str | Path]) -> Iterator[Served]:
    """A server that says where it listens."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline().split("http://")[1].split()[0].rsplit(":", 1)[1])
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield Served(process.pid, port)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def cold(bundle: Path) -> tuple[float, float]:
    """Seconds from the start of the process to its first answer, and MB that it then holds."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    command = [sys.executable, "-m", "adequate.cli.main", "serve", str(bundle), "--port", str(port)]
    body = b'{"text": "a first text"}'
    asked = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while True:
            try:
                with socket.create_connection(("127.0.0.1", port), 10) as sock:
                    sock.sendall(asked)
                    assert sock.recv(1 << 16).startswith(b"HTTP/1.1 200")
                    break
            except ConnectionRefusedError:
                time.sleep(0.002)
        seconds = time.perf_counter() - begun
        status = Path(f"/proc/{process.pid}/status").read_text()
        return seconds, int(status.split("VmRSS:")[1].split()[0]) / 1024
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def installed() -> Iterator[Path]:
    """The Python of an environment with LitServe, which is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        needs = ["litserve==0.2.19", "numpy", "onnxruntime", "tokenizers", "orjson"]
        subprocess.run([python, "-m", "pip", "install", "-q", *needs], check=True, stderr=subprocess.DEVNULL)
        yield python


@contextmanager
def other(python: Path, bundle: Path, workers: int, how: str) -> Iterator[Served]:
    """LitServe with the same bundle; `how` its batches are answered: `serving/lit.py`."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
    command: list[Any] = [python, HERE / "serving/lit.py", HERE.parent / "src", bundle, str(workers), str(port), how]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            end = time.monotonic() + 120
            while not _answers(port):
                if process.poll() is not None or time.monotonic() > end:
                    log.seek(0)
                    raise SystemExit(log.read()[-2000:])
                time.sleep(0.2)
            yield Served(process.pid, port)
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # SIGTERM leaves its workers behind
            process.wait(30)


def _answers(port: int) -> bool:
    body = b'{"text": "a first text"}'
    head = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as sock:
            sock.sendall(head % len(body) + body)
            return sock.recv(1 << 16).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def sample() -> list[str]:
    """Texts of about 10 words: CLINC150's test texts, or made ones where that isn't here."""
    path = Path(os.environ.get("CLINC150", "../shared/data/clinc150/data_full.json"))
    if path.is_file():
        return [text for text, _ in json.loads(path.read_text())["test"]]
    words = re.findall(r"\w+", "please tell me what the weather will be like tomorrow in the north of the country")
    return [" ".join(words[i % 7 : 7 + i % 9]) + f" {i % 500}" for i in range(4_000)]


def encoding(into: Path) -> Path:
    """MiniLM in int8 and 150 labels."""
    from adequate.bundles.blocks import Graph
    from adequate.encoders import onnx
    from adequate.store.resources import cached

    onnx.load("int8")
    tokenizer = cached(onnx.TOKENIZER[0])
    name, model = onnx.digest("int8"), onnx.graph_file("int8")
    block = Graph(name=name, width=onnx.WIDTH, model=model, tokenizer=tokenizer, alone=True, tokens=onnx.TOKENS)
    return written(into, block)


def static(into: Path, texts: Sequence[str]) -> Path:
    """A student with vectors for all words of the texts and for 20,000 pairs of them, and 150 labels."""
    import numpy as np

    from adequate.bundles.static import EDGE, Static, words

    rng = np.random.default_rng(0)
    known = tuple(dict.fromkeys(word for word in words(texts) if word != EDGE))

    def drawn(pairs: Any) -> Static:
        rows = len(known) + len(pairs)
        values = rng.integers(-127, 128, (rows, 128), dtype=np.int8)
        return Static(known, pairs.astype(np.uint32), values, np.full(rows, 0.01, np.float16))

    bare = drawn(np.empty(0))
    return written(into, drawn(np.unique(bare.keys(texts))[:20_000]))


def written(into: Path, block: Any) -> Path:
    """A bundle whose head is drawn, since only time is measured."""
    import numpy as np

    from adequate.bundles import write
    from adequate.training.heads import Head, Weights
    from adequate.types import Kind

    values = np.random.default_rng(0).normal(size=(block.width, 150)).astype(np.float32)
    zeros = np.zeros(150, np.float32)
    head = Head(
        task="intent",
        kind=Kind.CLASSIFY,
        labels=tuple(f"label {i}" for i in range(150)),
        weights={block.name: Weights(width=block.width, columns=None, values=values)},
        bias=zeros,
        l2=1.0,
        temperature=1.0,
        offsets=zeros,
    )
    return write(into, project="clinc", text="text", blocks=[block], heads={"intent": head})


if __name__ == "__main__":
    main()
