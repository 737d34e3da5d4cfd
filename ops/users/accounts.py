"""RabbitMQ users with a role of ours, made and removed over the management API; others are left alone."""

import http
import re
from dataclasses import dataclass
from typing import Any

from ops.node.management import Management, ManagementRefused, part
from ops.users.roles import Role, role_of

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
PASSWORD_CHARACTERS = 8
"""The shortest password that we take. RabbitMQ takes any."""


class UserRefusal(Exception):
    """The user cannot be made, changed or removed; the text is a sentence. Raised by ``Accounts``."""


@dataclass(frozen=True, slots=True)
class User:
    """One user with a role of ours. ``can_log_in`` is False as long as no password is set."""

    name: str
    role: str
    can_log_in: bool


@dataclass(frozen=True, slots=True)
class Accounts:
    """The users of one virtual host, through an administrator's management API."""

    management: Management
    vhost: str

    def add(self, name: str, password: str, role: Role) -> None:
        """Make a user with just the rights of its role.

        Raises:
            UserRefusal: the name is taken or unfit, or the password is too short.
        """
        if NAME.fullmatch(name) is None:
            raise UserRefusal(
                "A user's name has 1 to 64 letters, digits and . _ @ - and begins with no sign."
            )
        _check(password)
        if self._find(name) is not None:
            raise UserRefusal(
                f"There is a user {name} already. `counterfoil users password` changes a password."
            )
        self._write(name, password, role)
        self.management.request("PUT", f"permissions/{part(self.vhost)}/{part(name)}", role.rights)

    def known(self) -> list[User]:
        """All users of ours in this virtual host, by name."""
        found = self._get("users")
        permissions = self._get(f"vhosts/{part(self.vhost)}/permissions")
        allowed = {str(one["user"]) for one in permissions}
        ours = [(one, role_of(_tags(one))) for one in found if one["name"] in allowed]
        users = [
            User(str(one["name"]), role.name, can_log_in=bool(one.get("password_hash")))
            for one, role in ours
            if role is not None
        ]
        return sorted(users, key=lambda user: user.name)

    def set_password(self, name: str, password: str) -> None:
        """Give a user a new password; what is logged in stays so.

        Raises:
            UserRefusal: there is no such user of ours, or the password is too short.
        """
        _check(password)
        self._write(name, password, self._ours(name))

    def remove(self, name: str) -> None:
        """Remove a user of ours; RabbitMQ closes its connections.

        Raises:
            UserRefusal: there is no such user of ours.
        """
        self._ours(name)
        self.management.request("DELETE", f"users/{part(name)}")

    def _write(self, name: str, password: str, role: Role) -> None:
        self.management.add_user(name, password, tags=",".join(role.tags))

    def _ours(self, name: str) -> Role:
        found = self._find(name)
        if found is None:
            raise UserRefusal(f"There is no user {name}. `counterfoil users list` shows all.")
        role = role_of(_tags(found))
        if role is None:
            raise UserRefusal(f"{name} is not a user that Counterfoil made; RabbitMQ's own tools change it.")
        return role

    def _find(self, name: str) -> dict[str, Any] | None:
        try:
            found = self.management.request("GET", f"users/{part(name)}")
        except ManagementRefused as refused:
            if refused.status == http.HTTPStatus.NOT_FOUND:
                return None
            raise
        assert isinstance(found, dict)
        return found

    def _get(self, path: str) -> list[dict[str, Any]]:
        found = self.management.request("GET", path)
        assert isinstance(found, list)
        return found


def _tags(user: dict[str, Any]) -> list[str]:
    tags = user.get("tags") or []
    return tags.split(",") if isinstance(tags, str) else list(tags)


def _check(password: str) -> None:
    if len(password) < PASSWORD_CHARACTERS:
        raise UserRefusal(f"A password has {PASSWORD_CHARACTERS} characters or more.")
