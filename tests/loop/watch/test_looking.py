"""From files that servers wrote to what people should know."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

import adequate as aq
from adequate.loop.watch.looking import Looking
from adequate.store import Event
from adequate.store.recordings import folder_of
from adequate.store.sql import alone
from adequate.store.traffic import Recorded, keep
from adequate.types import Source
from tests.loop.watch.conftest import NOW, Served
from tests.made import mail


def keys(seen: object) -> set[str]:
    return {alert.key for alert in seen.alerts}  # type: ignore[attr-defined]


def strange(n: int) -> pa.Table:
    """Mails that are no mails: words that the project never saw."""
    rng = np.random.default_rng(5)
    words = ["zor", "quin", "blat", "mip", "tarn", "ulk", "fesh", "grod"]
    return pa.table({"body": [" ".join(rng.choice(words, 8)) for _ in range(n)], "channel": ["app"] * n})


def test_traffic_like_the_examples_raises_nothing(served: Served) -> None:
    served.traffic(mail(3000, seed=7, hard=0.1), rate=0.15, violated={"never": 20})
    seen = served.look()
    assert keys(seen) == set()
    assert (seen.exit_code, seen.texts, seen.release, seen.model) == (0, 3000, "release-1", served.model)
    (task,) = seen.tasks
    truth = 0.9
    assert task.estimates["together"].low <= truth <= task.estimates["together"].high
    assert sum(rate.count for rate in task.labels) == 3000
    assert not any(rate.least for rate in task.labels)
    assert [part.name for part in task.slices] == ["app"]
    assert "slice late: requests lack a column that it reads" in seen.notes
    assert seen.cost is not None
    assert seen.cost.parts["machine"] == pytest.approx(0.36 / 3600)


def test_other_intents_other_words_and_violations_are_told_apart(served: Served) -> None:
    served.traffic(mail(2000, seed=8, weights=[1, 1, 1, 1, 1, 30]), rate=0.1, violated={"never": 200})
    assert {"labels:intent", "assertion:never"} <= keys(served.look())
    served.traffic(strange(2000), rate=0.2, start=NOW - 3600)
    assert {"inputs", "confidence:intent"} <= keys(served.look())


def test_an_alert_keeps_the_time_since_when_it_holds(served: Served) -> None:
    served.traffic(strange(1500), rate=0.05)
    first = {one.key: one.since for one in served.look(NOW).alerts}
    later = {one.key: one.since for one in served.look(NOW + 600).alerts}
    assert first
    assert all(later[key] == NOW for key in first)


def test_looking_again_reads_only_what_is_new_and_sees_the_same(served: Served) -> None:
    engine = aq.open(served.root)
    looking = Looking(root=served.root, project=engine.project)
    with engine.store() as store:
        for k in range(3):
            served.traffic(mail(400, seed=k), start=NOW - 7200 + 600 * k, seconds=500, rate=0.1)
            seen = looking.look(store, NOW)
        assert seen.to_json() == served.look().to_json()
    assert seen.texts == 1200


def test_a_torn_line_and_an_erased_one_are_passed_over(served: Served) -> None:
    path = served.traffic(mail(300), rate=0.5)
    path.write_bytes(b'{"kind":"erased"}\n{"kind": broken\n' + path.read_bytes() + b'{"kind":"row","id":"x')
    seen = served.look()
    assert (seen.texts, seen.torn) == (300, 1)


def test_what_is_older_than_the_window_does_not_count(served: Served) -> None:
    served.traffic(mail(300), start=NOW - 30 * 86_400)
    assert served.look().release is None


def test_without_a_sample_it_says_how_to_get_one(served: Served) -> None:
    served.traffic(mail(500), rate=0.0)
    seen = served.look()
    assert seen.inputs is None
    assert any("adequate serve --record 5%" in note for note in seen.notes)
    assert seen.tasks[0].labels  # counts need none


def test_a_label_that_only_production_has_is_counted(served: Served) -> None:
    table = mail(600)
    texts = table["body"].to_pylist()
    from tests.recorded import recorded

    said = [{"intent": {"label": "newer", "confidence": 0.9}} for _ in texts]
    recorded(served.root, "release-1", texts, said, start=NOW - 3600)
    (task,) = served.look().tasks
    assert task.labels[0].name == "newer"
    assert task.labels[0].before == 0.0


def test_several_servers_and_releases_are_summed(served: Served) -> None:
    served.traffic(mail(300), server="a-1-x")
    served.traffic(mail(200), server="b-2-y", errors=100)
    seen = served.look()
    assert (seen.texts, seen.errors) == (500, 100)
    assert "errors" in keys(seen)
    assert len(list(folder_of(served.root).iterdir())) == 2


def test_the_value_is_json(served: Served) -> None:
    served.traffic(mail(500), rate=0.3)
    seen = json.loads(json.dumps(served.look().to_json(), allow_nan=False))
    assert {"release", "tasks", "inputs", "assertions", "cost", "alerts", "blind"} <= seen.keys()


def test_labels_of_the_audit_tell_what_estimates_cannot(served: Served) -> None:
    table = mail(2000, seed=9, hard=0.0)
    path = served.traffic(table, rate=0.1)
    rows = [one for one in map(json.loads, path.read_text().splitlines()) if one["kind"] == "row"]
    engine = aq.open(served.root)
    with engine.store(write=True, verb="test") as store:
        ids = store.examples.ids(np.arange(len(rows)))
        became = [
            Recorded(
                id=row["id"], example=ids[i], row=i, release="release-1", reason="audit", probability=0.1, at=row["at"],
                body={"why": row["why"]} | ({"drawn": 0.5, "asked": ["intent"]} if i % 2 else {}),
            )
            for i, row in enumerate(rows)
        ]  # fmt: skip

        def job(connection: object) -> None:
            alone(connection)  # type: ignore[arg-type]
            keep(connection, became)  # type: ignore[arg-type]

        store.sql.write(job)
        store.labels.record(
            [
                Event(
                    task="intent", example=ids[i], row=i, value="transfer", actor="a", source=Source.HUMAN, op=f"w{i}"
                )
                for i in range(len(rows))
            ]
        )
        seen = Looking(root=served.root, project=engine.project).look(store, NOW)
    (task,) = seen.tasks
    assert task.audit is not None
    drawn = rows[1::2]  # of the others, that there is a label may say something of the text
    assert task.audit.n == len(drawn)
    said = [row["outputs"]["intent"]["label"] == "transfer" for row in drawn]
    assert task.audit.value == pytest.approx(np.mean(said))
    assert "audit:intent" in keys(seen)
    assert "estimate:intent" not in keys(seen)  # by confidence all is well


def test_where_inputs_are_new_the_estimate_reaches_down_and_says_so(served: Served) -> None:
    some = pa.concat_tables([mail(1000, seed=12).select(["body", "channel"]), strange(1000)])
    served.traffic(some.take(np.random.default_rng(0).permutation(2000)), rate=0.3)
    seen = served.look()
    (task,) = seen.tasks
    ways = [task.estimates[way].low for way in ("calibrated", "threshold", "difference")]
    assert seen.unlike > 0.2
    assert task.estimates["together"].low < min(ways) - 0.1


def test_what_changed_late_is_seen_though_few_examples_are_held_out(served: Served) -> None:
    served.traffic(mail(1500, seed=11, hard=0.1), rate=0.5, start=NOW - 7200, seconds=3500)
    served.traffic(strange(1500), rate=0.5, start=NOW - 3600, seconds=3500)
    assert "inputs" in keys(served.look())
