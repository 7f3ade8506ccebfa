"""How near does the server come to the model alone, and to a server that others built? Ratios, all from one run.

    python benchmarks/serve.py [--seconds 5] [--litserve]

1. 32 clients with a text each: texts/s of `adequate serve`, against the same ONNX graph, tokeniser and head asked in
   process by as many threads as there are cores, and, with --litserve, against LitServe with the same session. The
   goals: 0.85 of the model alone; 1.5 times LitServe at 32 clients and 3 times alone.
2. 32 texts a request: requests/s with a bundle without a transformer.

Clients are a process of their own, over sockets that stay open. Each load runs three times in turn, the median counts;
clients, server and the raw model share the cores, so it is honest on a quiet machine only.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

CLIENT = """
import asyncio, json, sys, time
host, port, path, clients, seconds = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), float(sys.argv[5])
bodies = [line.encode() for line in sys.stdin.read().split("\\n") if line]
head = f"POST {path} HTTP/1.1\\r\\nhost: x\\r\\ncontent-type: application/json\\r\\ncontent-length: "
requests = [(head + str(len(body)) + "\\r\\n\\r\\n").encode() + body for body in bodies]
took, bad = [], 0

class One(asyncio.Protocol):
    def __init__(self, at): self.at, self.data, self.need = at, b"", -1
    def connection_made(self, transport): self.transport = transport; self.send()
    def send(self):
        self.start = time.perf_counter()
        self.transport.write(requests[self.at % len(requests)])
        self.at += clients
    def data_received(self, data):
        global bad
        self.data += data
        if self.need < 0:
            end = self.data.find(b"\\r\\n\\r\\n")
            if end < 0: return
            at = self.data.lower().index(b"content-length:") + 15
            self.need = end + 4 + int(self.data[at:self.data.index(b"\\r", at)])
        if len(self.data) >= self.need:
            took.append(time.perf_counter() - self.start)
            bad += not self.data.startswith(b"HTTP/1.1 200")
            self.data, self.need = b"", -1
            if time.perf_counter() < stop: self.send()
            else: self.transport.close()
    def connection_lost(self, error): left.discard(self); (left or done.set_result(None)) if not done.done() else None

async def main():
    global stop, left, done
    loop = asyncio.get_running_loop()
    done, left, stop = loop.create_future(), set(), time.perf_counter() + seconds
    begun = time.perf_counter()
    ones = [One(i) for i in range(clients)]
    left.update(ones)
    for one in ones: await loop.create_connection(lambda one=one: one, host, port)
    await done
    took.sort()
    print(json.dumps({"rate": len(took) / (time.perf_counter() - begun), "bad": bad,
                      "p50": took[len(took) // 2] * 1e3, "p99": took[int(len(took) * .99)] * 1e3}))
try:
    import uvloop
    uvloop.run(main())
except ImportError:
    asyncio.run(main())
"""

LITSERVE = """
import sys, os
os.environ["TOKENIZERS_PARALLELISM"] = "false"
import litserve, numpy as np
from pathlib import Path
sys.path.insert(0, {src!r})
class Api(litserve.LitAPI):
    def setup(self, device):
        from adequate.bundles.bundle import Bundle
        self.bundle = Bundle.open(Path({bundle!r}), threads={cores})
    def decode_request(self, request): return request["text"]
    def batch(self, inputs): return inputs
    def predict(self, texts):
        output = next(iter(self.bundle.answer(texts).outputs.values()))
        return [(output.labels[code], float(p.max())) for code, p in zip(output.answers, output.probs)]
    def unbatch(self, output): return output
    def encode_response(self, output): return {{"label": output[0], "confidence": output[1]}}
if __name__ == "__main__":
    litserve.LitServer(Api(max_batch_size=32, batch_timeout=0.005), accelerator="cpu").run(
        port={port}, generate_client_file=False, log_level="error")
"""


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each load")
    parser.add_argument("--bundle", type=Path, help="of an encoder, to be used instead of one made from public weights")
    parser.add_argument("--fast", type=Path, help="a bundle without a transformer, instead of one of words")
    parser.add_argument("--litserve", action="store_true", help="measure LitServe too; installed for the while")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        texts = sample()
        bundle = args.bundle or made(Path(folder), texts, words=False)
        encoder(bundle, texts, args.seconds, litserve=args.litserve)
        short(args.fast or made(Path(folder), texts, words=True), texts, args.seconds)


def encoder(bundle: Path, texts: Sequence[str], seconds: float, *, litserve: bool) -> None:
    """One text a request."""
    cores = len(os.sched_getaffinity(0))
    bodies = [json.dumps({"text": text}) for text in texts]
    found: dict[str, list[dict[str, float]]] = {}
    layouts = {f"{cores} threads, 1 process": ["--workers", "1"], f"{cores} processes": ["--workers", str(cores)]}
    for _ in range(3):
        found.setdefault("raw", []).append({"rate": raw(bundle, texts, seconds, cores)})
        for name, options in layouts.items():
            with served(bundle, *options) as port:
                found.setdefault(name, []).append(load(port, bodies, 32, seconds))
                found.setdefault(f"{name}, alone", []).append(load(port, bodies, 1, seconds))
    if litserve:
        with other(bundle, cores) as port:
            for _ in range(3):
                found.setdefault("LitServe", []).append(load(port, bodies, 32, seconds))
                found.setdefault("LitServe, alone", []).append(load(port, bodies, 1, seconds))
    rates = {name: statistics.median(run["rate"] for run in runs) for name, runs in found.items()}
    for name, runs in found.items():
        line = f"{name:>34}: {rates[name]:8.0f} texts/s  {rates[name] / rates['raw']:5.2f} x raw"
        if "p50" in runs[0]:
            p50, p99 = (statistics.median(run[key] for run in runs) for key in ("p50", "p99"))
            line += f"  p50 {p50:6.1f} ms  p99 {p99:6.1f} ms  not 200: {sum(run['bad'] for run in runs):.0f}"
        print(line)
    if litserve:
        best = {"": max(rates[name] for name in layouts), ", alone": max(rates[f"{name}, alone"] for name in layouts)}
        for which, rate in best.items():
            print(f"{'adequate / LitServe' + which:>34}: {rate / rates['LitServe' + which]:.2f}")


def short(bundle: Path, texts: Sequence[str], seconds: float) -> None:
    """A bundle that takes microseconds a text, by texts a request."""
    cores = len(os.sched_getaffinity(0))
    for workers in (1, cores):
        with served(bundle, "--workers", str(workers)) as port:
            for size in (1, 32, 256):
                bodies = [
                    json.dumps({"texts": texts[i : i + size]}) for i in range(0, min(len(texts), 32 * size), size)
                ]
                runs = [load(port, bodies, 32, seconds) for _ in range(3)]
                rate = statistics.median(run["rate"] for run in runs)
                print(
                    f"{workers} processes, {size:3} texts a request: {rate:8.0f} requests/s  {rate * size:9.0f} texts/s"
                    f"  p99 {statistics.median(run['p99'] for run in runs):6.1f} ms"
                )


def raw(bundle: Path, texts: Sequence[str], seconds: float, cores: int) -> float:
    """Texts/s of the model alone in a process, best of two layouts: one at a time, or 32 together, a thread a core."""
    code = """
import sys, threading, time, json
import os
import re
os.environ["TOKENIZERS_PARALLELISM"] = "false"
from pathlib import Path
from adequate.bundles.bundle import Bundle
bundle, cores, seconds = Bundle.open(Path(sys.argv[1])), int(sys.argv[2]), float(sys.argv[3])
texts = json.load(sys.stdin)
best = 0.0
for size in (1, 8, 32):
    done, stop = [0] * cores, time.perf_counter() + seconds / 3
    def work(i):
        at = i * size
        while time.perf_counter() < stop:
            bundle.answer(texts[at % (len(texts) - size):][:size])
            at += size * cores
            done[i] += size
    begun = time.perf_counter()
    threads = [threading.Thread(target=work, args=[i]) for i in range(cores)]
    [t.start() for t in threads]; [t.join() for t in threads]
    best = max(best, sum(done) / (time.perf_counter() - begun))
print(best)
"""
    ran = subprocess.run(
        [sys.executable, "-c", code, str(bundle), str(cores), str(seconds)],
        input=json.dumps(list(texts)),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(ran.stdout)


def load(port: int, bodies: Sequence[str], clients: int, seconds: float, path: str = "/predict") -> dict[str, float]:
    """Requests/s and milliseconds, as clients in a process of their own saw it."""
    command = [sys.executable, "-c", CLIENT, "127.0.0.1", str(port), path, str(clients), str(seconds)]
    ran = subprocess.run(command, input="\n".join(bodies), capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(ran.stdout)
    return found


@contextmanager
def served(bundle: Path, *options: str) -> Iterator[int]:
    """`adequate serve`, warm; gives the port."""
    command = [sys.executable, "-m", "adequate.cli.main", "serve", str(bundle), "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        port = int(line.split("http://")[1].split()[0].rsplit(":", 1)[1])
        threading.Thread(target=process.stdout.read, daemon=True).start()
        load(port, [json.dumps({"text": "a first text"})], 32, 0.5)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


@contextmanager
def other(bundle: Path, cores: int) -> Iterator[int]:
    """LitServe with the same bundle, in an environment that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        needs = ["litserve==0.2.19", "numpy", "onnxruntime", "tokenizers", "orjson", "click", "rich"]
        subprocess.run([python, "-m", "pip", "install", "-q", *needs], check=True)
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            port: int = sock.getsockname()[1]
        src = str(Path(__file__).parents[1] / "src")
        script = Path(folder) / "lit.py"
        script.write_text(LITSERVE.format(src=src, bundle=str(bundle), cores=cores, port=port))
        process = subprocess.Popen(
            [python, script], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            for _ in range(300):
                try:
                    load(port, [json.dumps({"text": "a first text"})], 1, 0.2)
                    break
                except subprocess.CalledProcessError:
                    time.sleep(0.2)
            yield port
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # SIGTERM leaves its workers behind
            process.wait(30)


def sample() -> list[str]:
    """Texts of about 15 tokens: CLINC150's test texts, or made ones where that isn't here."""
    path = Path(os.environ.get("CLINC150", "../shared/data/clinc150/data_full.json"))
    if path.is_file():
        return [text for text, _ in json.loads(path.read_text())["test"]]
    words = re.findall(r"\w+", "please tell me what the weather will be like tomorrow in the north of the country")
    return [" ".join(words[i % 7 : 7 + i % 9]) + f" {i}" for i in range(4_000)]


def made(into: Path, texts: Sequence[str], *, words: bool) -> Path:
    """A bundle with 150 labels; its weights are drawn, since only time is measured."""
    import numpy as np

    from adequate.bundles.blocks import Graph, Words
    from adequate.bundles.written import write
    from adequate.encoders import onnx
    from adequate.encoders.lexical import Lexical
    from adequate.store.resources import cached
    from adequate.training.heads import Head, Weights
    from adequate.types import Kind

    if words:
        block: Graph | Words = Words(Lexical(bits=18))
        found = block.of(list(texts))
        columns = np.unique(found.columns).astype(np.int64)
    else:
        onnx.load("int8")
        block = Graph(
            name=onnx.digest("int8"),
            width=onnx.WIDTH,
            model=onnx.graph_file("int8"),
            tokenizer=cached(onnx.TOKENIZER[0]),
            alone=True,
            tokens=onnx.TOKENS,
        )
        columns = None
    rng = np.random.default_rng(0)
    rows = block.width if columns is None else len(columns)
    values = rng.normal(size=(rows, 150)).astype(np.float32)
    head = Head(
        task="intent",
        kind=Kind.CLASSIFY,
        labels=tuple(f"label {i}" for i in range(150)),
        weights={block.name: Weights(width=block.width, columns=columns, values=values)},
        bias=np.zeros(150, np.float32),
        l2=1.0,
        temperature=1.0,
        offsets=np.zeros(150, np.float32),
    )
    return write(into, project="clinc", text="text", blocks=[block], heads={"intent": head})


if __name__ == "__main__":
    main()
