"""A project for the tests that drive a browser, and people who are signed in to it.

    python -m tests.studio.e2e_project FOLDER      makes it; prints {name: {id, name, role, secret}} as JSON

The secret is what the cookie holds: each person's browser is signed in already, over any number of restarts.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pyarrow.compute as pc

from adequate import store
from adequate.loop.engine import Engine
from adequate.studio.auth import register
from adequate.studio.auth.register import Desk
from adequate.studio.roles import Role
from tests.loop.projects import LABELS
from tests.made import begun, mail

PEOPLE = {"Ada": Role.OWNER, "Eve": Role.ENGINEER, "Rob": Role.REVIEWER, "Ann": Role.LABELLER, "Ben": Role.LABELLER}
PEOPLE["Vic"] = Role.VIEWER
SOURCE = f"""
import adequate as aq

project = aq.Project("mail", text="body")
project.classify("intent", labels={LABELS}, target=aq.Target(accuracy=0.97, recall=0.9))
project.classify("urgent", labels=["no", "yes"], target=aq.Target(recall=0.9, on="yes"))
project.span("words", labels=["what", "when"], target=aq.Target(recall=0.8))
project.multilabel("topics", labels={LABELS}, separator=";", target=aq.Target(recall=0.9))
project.score("anger", target=aq.Target(accuracy=0.8))
project.slice("app", sql="channel = 'app'", target=0.9)
"""


def main(root: Path) -> None:
    """Make it."""
    table = mail(1200, hard=0.15)
    for task in ("intent", "urgent"):  # most rows wait for their label
        known = pc.if_else(pc.less(table["number"], 400), table[task], "")
        table = table.set_column(table.column_names.index(task), task, known)
    topics = pc.if_else(pc.less(table["number"], 400), table["topics"], "")
    table = table.set_column(table.column_names.index("topics"), "topics", topics)
    begun(root, table, SOURCE)
    Engine.open(root).run(cycles=1)
    with store.open(root, write=True, verb="test", text="body") as opened:

        def join(desk: Desk) -> dict[str, dict[str, str]]:
            said = {}
            for name, role in PEOPLE.items():
                one = register.add(desk, name, role)
                secret = register.sign_in(desk, one.id, by="test")
                said[name] = {"id": one.id, "name": name, "role": str(role), "secret": secret}
            return said

        said = opened.sql.write(lambda connection: join(Desk(connection=connection, actor="", at=time.time())))
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
