"""A number beside its budget and beside what one would have had without us."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    what: str
    measured: float
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None
    stock: float | None = None
    """The same figure of the stock alternative, in the same run."""
    stock_name: str = ""
    by_the_clock: bool = False
    """Depends on how busy the machine is: shown as missed, but fails nothing."""

    @property
    def missed(self) -> bool:
        above = self.at_most is not None and not self.measured <= self.at_most
        below = self.at_least is not None and not self.measured >= self.at_least
        return above or below

    def line(self) -> str:
        stock = "" if self.stock is None else f"{plain(self.stock)}{self.unit} {self.stock_name}"
        return (
            f"  {self.what:<58}{plain(self.measured) + self.unit:>11}  {self._budget():<13}"
            f"{'MISSED' if self.missed else '':<8}{stock}"
        ).rstrip()

    def _budget(self) -> str:
        if self.at_most is not None:
            return f"<= {plain(self.at_most)}{self.unit}"
        return "" if self.at_least is None else f">= {plain(self.at_least)}{self.unit}"


def plain(number: float) -> str:
    """Three digits that matter, and no exponent."""
    if abs(number) >= 100 or number == int(number):
        return f"{number:.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"


def show(title: str, figures: Iterable[Figure]) -> bool:
    """Print a section as it is measured; whether all that must hold holds."""
    print(title, flush=True)
    held = True
    for figure in figures:
        print(figure.line(), flush=True)
        held = held and (figure.by_the_clock or not figure.missed)
    return held
