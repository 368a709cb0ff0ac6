"""Makes what breaks a contract as short as it can be, by taking pieces away."""

from tests.fuzzing.targets import Contract

MOST_TRIES = 2_000


def broken(contract: Contract, data: bytes) -> str:
    """What was raised, and where; empty when the contract holds."""
    try:
        contract(data)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is what was looked for)
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        line = trace.tb_lineno if trace is not None else 0
        return f"{type(error).__name__} in line {line}"
    return ""


def shrunk(contract: Contract, data: bytes) -> bytes:
    """The shortest of these bytes that still break it in the same place."""
    wanted, tries = broken(contract, data), 0
    size = len(data) // 2
    while size and wanted:
        at = 0
        while at < len(data) and tries < MOST_TRIES:
            tries += 1
            less = data[:at] + data[at + size :]
            if broken(contract, less) == wanted:
                data = less
            else:
                at += size
        size //= 2
    return data
