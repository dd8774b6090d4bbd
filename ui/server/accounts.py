"""Who may log in: names and passwords, from a file or from the environment."""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from qa.errors import SettingsError

VARIABLE = "INQUOTE_AUTH"
"""The environment variable that holds accounts, as a file would."""

_READABLE_BY_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Accounts:
    """Names and their passwords, which its `repr` does not show."""

    passwords: Mapping[str, str] = field(repr=False)

    def admits(self, name: str, password: str) -> bool:
        """Return whether a password is right, in a time that does not depend on it."""
        expected = self.passwords.get(name)
        right = hmac.compare_digest((expected or "").encode(), password.encode())
        return right and expected is not None


def find_accounts(file: Path | None) -> Accounts | None:
    """Read the accounts in a file, or else in the environment; None if there are none.

    They are removed from the environment, so that no other process inherits them.

    Raises:
        SettingsError: the file cannot be read, others may read it, or it has no accounts.
    """
    in_environment = os.environ.pop(VARIABLE, None)
    if file is not None:
        return parse_accounts(_read(file), str(file))
    return None if in_environment is None else parse_accounts(in_environment, VARIABLE)


def parse_accounts(text: str, where: str) -> Accounts:
    """Read accounts, one `name:password` a line; a line that starts with # is a comment.

    Raises:
        SettingsError: a line has another form, a name comes twice, or there is no account.
    """
    passwords: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, colon, password = line.partition(":")
        name = name.strip()
        if not (name and colon and password):
            raise SettingsError(f"{where}, line {number}, is not of the form name:password")
        if name in passwords:
            raise SettingsError(f"{where}, line {number}: there is already an account {name!r}")
        passwords[name] = password
    if not passwords:
        raise SettingsError(f"{where} holds no account: write a line name:password for each")
    return Accounts(passwords)


def _read(file: Path) -> str:
    try:
        mode = file.stat().st_mode
        if os.name == "posix" and mode & _READABLE_BY_OTHERS:
            raise SettingsError(
                f"{file} holds passwords, and others may read it: run chmod 600 {file}"
            )
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file} is not text in UTF-8") from error
