"""What the device shows a relay: a bearer token from its file, or the board's own key.

Both may be the service manager's copies of files that only root reads. Logs neither.
"""

from pathlib import Path

from edgevoice.config import LinkConfig
from edgevoice.errors import CredentialError
from edgevoice.identity import device_key
from edgevoice.link.credential import BearerToken, Credential, SignedToken
from edgevoice.secret_file import secret_file

CREDENTIAL, KEY_CREDENTIAL = "token", "device.key"
"""Their names among the service manager's credentials (LoadCredential=token:...)."""

MOST_CHARS = 4_096


def credential(link: LinkConfig, is_first: bool = True) -> Credential:
    """A token where there is one, else the board's key. CredentialError where there is neither.

    `is_first`: of the first relay, whose token the service manager may hold.
    """
    path = secret_file(link.token_file, CREDENTIAL) if is_first else Path(link.token_file)
    key = secret_file(link.key_file, KEY_CREDENTIAL)
    if not path.exists() and key.exists():
        by_manager = key != Path(link.key_file)
        return SignedToken(device_key.load(key, by_manager=by_manager), link.url)
    return BearerToken(read_token(link.token_file, is_first))


def has_credential(link: LinkConfig) -> bool:
    """Something to show is there, right or wrong."""
    files = (secret_file(link.token_file, CREDENTIAL), secret_file(link.key_file, KEY_CREDENTIAL))
    return any(file.exists() for file in files)


def read_token(configured: str, is_first: bool = True) -> str:
    """The token; CredentialError says what is wrong with the file and what to do.

    `is_first`: of the first relay, whose token the service manager may hold.
    """
    path = secret_file(configured, CREDENTIAL) if is_first else Path(configured)
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
