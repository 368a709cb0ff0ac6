"""Where a secret is: in the file that the owner names, or in the service manager's copy of it.
What root makes for a service is handed over to its user.

systemd hands a service copies of files that only root reads (LoadCredential=NAME:FILE).
"""

import os
import pwd
from pathlib import Path


def secret_file(configured: str, name: str) -> Path:
    """The copy of this name where there is one, else the file.

    The service manager's copy is an empty line where its own file does not exist.
    """
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if directory:
        copy = Path(directory) / name
        if copy.is_file() and copy.read_bytes().strip():
            return copy
    return Path(configured)


def hand_over(path: Path, user: str) -> bool:
    """What root makes for a service belongs to the service's user; False: there is no such user.

    Who is not root makes it for himself. A link that the service may have put in its place is
    given away, and not what it leads to.
    """
    if os.geteuid() == 0:
        try:
            owner = pwd.getpwnam(user)
        except LookupError:
            return False
        os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
    return True
