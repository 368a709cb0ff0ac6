"""The table of boards, from what the program knows of them and from their profiles."""

from pathlib import Path

import yaml
from errors import table

import edgevoice
from edgevoice.hardware.boards.known import KNOWN, Kernel, KnownBoard

PROFILES = Path(edgevoice.__file__).parent / "boards"


def boards_table() -> str:
    head = ("name", "board", "button", "light", "echo", "the kernel needs")
    return table(head, [_line(board) for board in KNOWN])


def _line(board: KnownBoard) -> tuple[str, ...]:
    profile = yaml.safe_load((PROFILES / f"{board.name}.yaml").read_text()) or {}
    return (
        f"`{board.name}`",
        board.title,
        _button(profile),
        _light(profile.get("indicator", {})),
        _echo(profile.get("echo", {})),
        _kernel(board.kernel),
    )


def _button(profile: dict) -> str:
    pin = profile.get("button", {}).get("pin")
    return "" if pin is None else f"GPIO {pin}"


def _light(indicator: dict) -> str:
    kind, count = indicator.get("kind", ""), indicator.get("count", 0)
    if kind in ("", "none"):
        return ""
    pins = ", ".join(map(str, indicator.get("pins", ())))
    return f"{kind}{f' × {count}' if count else ''}{f' (GPIO {pins})' if pins else ''}"


def _echo(echo: dict) -> str:
    return "its own" if echo.get("canceller") == "hardware" else "edgevoice's"


def _kernel(kernel: Kernel) -> str:
    if not kernel.overlays:
        return "nothing"
    wanted = " or ".join(f"`{name}`" for name in kernel.overlays)
    return (
        wanted + (", SPI" if kernel.spi else "") + (" (not in its system)" if kernel.source else "")
    )
