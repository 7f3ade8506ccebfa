"""What the door needs to know, in one place: who is signed in, passwords, tries, and the provider if there is one."""

from __future__ import annotations

from adequate.store.sql import Sql
from adequate.studio.auth.limits import Tries
from adequate.studio.auth.passwords import Passwords
from adequate.studio.auth.sessions import Sessions


class Auth:
    """The state of the door of one server process.

    Args:
        sql: of the project.
    """

    def __init__(self, sql: Sql) -> None:
        self.sessions = Sessions(sql)
        self.passwords = Passwords()
        self.tries = Tries()
