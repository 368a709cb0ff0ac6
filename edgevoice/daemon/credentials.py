"""What the device shows a relay: a bearer token from its file, or the board's own key.

Logs neither.
"""

import os
from pathlib import Path

from edgevoice.config import LinkConfig
from edgevoice.errors import CredentialError
from edgevoice.identity import device_key
from edgevoice.link.credential import BearerToken, Credential, SignedToken

CREDENTIAL = "token"
"""Its name among the service manager's credentials (LoadCredential=token:...)."""

MOST_CHARS = 4_096


def token_path(configured: str) -> Path:
    """Where the token is: the service manager's copy where there is one.

    The service manager's copy is an empty line where its own file does not exist.
    """
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if directory:
        copy = Path(directory) / CREDENTIAL
        if copy.is_file() and copy.read_bytes().strip():
            return copy
    return Path(configured)


def credential(link: LinkConfig, is_first: bool = True) -> Credential:
    """A token where there is one, else the board's key. CredentialError where there is neither.

    `is_first`: of the first relay, whose token the service manager may hold.
    """
    path = token_path(link.token_file) if is_first else Path(link.token_file)
    if not path.exists() and Path(link.key_file).exists():
        return SignedToken(device_key.load(Path(link.key_file)), link.url)
    return BearerToken(read_token(link.token_file, is_first))


def read_token(configured: str, is_first: bool = True) -> str:
    """The token; CredentialError says what is wrong with the file and what to do.

    `is_first`: of the first relay, whose token the service manager may hold.
    """
    path = token_path(configured) if is_first else Path(configured)
    try:
        token = path.read_text(encoding="ascii").strip()
    except FileNotFoundError as missing:
        raise CredentialError(
            f"no token at {path}; introduce this board to its relay with `edgevoice pair`, or make"
            " a token there with `edgevoice relay token NAME` and put it here (link.token_file)"
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
