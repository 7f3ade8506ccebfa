"""Label Studio from PyPI, in an environment of its own, as the other side of `label_studio.py`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from sides import LABELS, Caller, Side

VERSION = "1.23.2"
PIECE = 10_000  # tasks of one request
CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="intent" toName="text" choice="single">'
    + "".join(f'<Choice value="{label}"/>' for label in LABELS)
    + "</Choices></View>"
)
PEOPLE = """
import json, sys
from label_studio import server
server._setup_env()
server._apply_database_migrations()
from organizations.models import Organization
from users.models import User
names = [f"p{i}@example.org" for i in range(int(sys.argv[1]) + 1)]
made = [User.objects.create_user(email=name, password="correct horse") for name in names]
home = Organization.create_organization(created_by=made[0], title="Label Studio", legacy_api_tokens_enabled=True)
for one in made:
    if one is not made[0]:
        home.add_user(one)
    one.active_organization = home
    one.save(update_fields=["active_organization"])
print(json.dumps([one.auth_token.key for one in made]))
"""


class Theirs(Side):
    """Label Studio as its users start it: SQLite, one process; nothing is reported to anybody."""

    name = "Label Studio"
    first = "/health"

    def __init__(self, folder: Path, people: int, venv: Path) -> None:
        self.venv = venv
        super().__init__(folder, people)

    def environment(self) -> Mapping[str, str]:
        """Its data in our folder, its telemetry off."""
        quiet = ("COLLECT_ANALYTICS", "LATEST_VERSION_CHECK")
        silent = {"SENTRY_DSN": "", "FRONTEND_SENTRY_DSN": ""} | dict.fromkeys(quiet, "false")
        return os.environ | silent | {"LABEL_STUDIO_BASE_DATA_DIR": str(self.folder / "data")}

    def prepare(self, people: int) -> list[str]:
        """Its migrations, then people with the tokens that its API takes."""
        done = subprocess.run(
            [self.venv / "bin/python", "-c", PEOPLE, str(people)],
            env=self.environment(),
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"Label Studio's people could not be made:\n{done.stderr[-3000:]}")
        return [f"Token {key}" for key in json.loads(done.stdout.splitlines()[-1])]

    def command(self) -> Sequence[str | Path]:
        """As people start it, but for this machine alone."""
        here = ("--no-browser", "--internal-host", "127.0.0.1", "--port", str(self.port))
        return (self.venv / "bin/label-studio", "start", *here)

    def bring(self, texts: Sequence[str]) -> float:
        """In a new project, some a request."""
        project = {"title": "mail", "label_config": CONFIG}
        self.project: int = json.loads(self.lead.ask("POST", "/api/projects", project))["id"]
        for some in (texts[first : first + PIECE] for first in range(0, len(texts), PIECE)):
            told = json.loads(
                self.lead.ask("POST", f"/api/projects/{self.project}/import", [{"text": text} for text in some])
            )
            if told["task_count"] != len(some):
                raise SystemExit(f"the import came to something else: {told}")
        return 0.0

    def next(self, who: Caller) -> int:
        """As its page asks."""
        number: int = json.loads(who.ask("GET", f"/api/projects/{self.project}/next"))["id"]
        return number

    def submit(self, who: Caller, item: int, label: str) -> None:
        """As its page sends it."""
        said = {"from_name": "intent", "to_name": "text", "type": "choices", "value": {"choices": [label]}}
        body = {"result": [said], "lead_time": 1.0, "project": self.project}
        who.ask("POST", f"/api/tasks/{item}/annotations", body)

    def export(self) -> int:
        """All tasks, not only those with annotations."""
        options = "exportType=JSON&download_all_tasks=true"
        return len(json.loads(self.lead.ask("GET", f"/api/projects/{self.project}/export?{options}")))


def installed(venv: Path) -> None:
    """Install Label Studio where it isn't yet."""
    if (venv / "bin/label-studio").exists():
        return
    print(f"installing label-studio {VERSION} into {venv}: 160 packages, 1 GB, some minutes", flush=True)
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    subprocess.run([venv / "bin/python", "-m", "pip", "install", "-q", f"label-studio=={VERSION}"], check=True)
    print(f"installed in {time.perf_counter() - begun:.0f} s", flush=True)
