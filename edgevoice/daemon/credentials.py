"""Reads the device's bearer token from the file that holds it. Never logs it, never keeps it."""

import os
from pathlib import Path

from edgevoice.errors import CredentialError

CREDENTIAL = "token"
"""Its name among the service manager's credentials (LoadCredential=token:...)."""

MOST_CHARS = 4_096


def token_path(configured: str) -> Path:
    """Where the token is: the service manager's copy where there is one."""
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if directory and (Path(directory) / CREDENTIAL).is_file():
        return Path(directory) / CREDENTIAL
    return Path(configured)


def read_token(configured: str, is_first: bool = True) -> str:
    """The token; CredentialError says what is wrong with the file and what to do.

    `is_first`: of the first relay, whose token the service manager may hold.
    """
    path = token_path(configured) if is_first else Path(configured)
    try:
        token = path.read_text(encoding="ascii").strip()
    except FileNotFoundError as missing:
        raise CredentialError(
            f"no token at {path}; make one on the relay with `edgevoice relay token NAME`"
            " and put it there (link.token_file)"
        ) from missing
    except OSError as trouble:
        raise CredentialError(
            f"the token at {path} cannot be read ({trouble.strerror}); it must be a file that"
            " edgevoice may read (link.token_file)"
        ) from trouble
    except UnicodeDecodeError:
        token = ""
    if not token or len(token) > MOST_CHARS or not token.isprintable() or " " in token:
        raise CredentialError(
            f"{path} does not hold a token (one word on one line); write the one that"
            f" `edgevoice relay token NAME` printed into {configured}"
        )
    return token
