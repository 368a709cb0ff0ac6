"""Why a relay refuses, in its own words."""

import msgspec


class _Complaint(msgspec.Struct):
    message: str = ""
    code: str | None = None


class _Refusal(msgspec.Struct):
    error: _Complaint


def complaint(body: str) -> tuple[str, str]:
    """`error.message` of an OpenAI-style error body, one line of it, and its `code`.

    It is shown on terminals, which obey what is not printable.
    """
    try:
        error = msgspec.json.decode(body.encode(), type=_Refusal).error
    except (ValueError, RecursionError):
        return "", ""
    said = "".join(letter for letter in " ".join(error.message.split()) if letter.isprintable())
    return said[:200], error.code or ""
