"""What the doctor found, as it comes: lines for people, or one JSON object at the end."""

import json
import sys
from dataclasses import asdict
from typing import Any

from edgevoice.doctor.finding import Finding, may_colour


class Report:
    """Lines as they come, or one JSON object at the end."""

    def __init__(self, *, as_json: bool, quiet: bool = False) -> None:
        """`quiet`: only what is not fine."""
        self._as_json = as_json
        self._quiet = quiet
        self._colour = may_colour(sys.stdout)
        self._shown = False
        self._findings: list[Finding] = []
        self._more: dict[str, Any] = {}

    @property
    def failed(self) -> bool:
        return any(finding.level == "fail" for finding in self._findings)

    def tell(self, finding: Finding) -> None:
        self._findings.append(finding)
        if not (self._quiet and finding.level == "ok"):
            self.say(finding.line(colour=self._colour))

    def say(self, line: str) -> None:
        if not self._as_json:
            self._wipe()
            print(line, flush=True)

    def add(self, name: str, value: Any) -> None:
        """For the JSON only."""
        self._more[name] = value

    def progress(self, volume_percent: int, share: float) -> None:
        """One line that is drawn over and over, where somebody looks."""
        if self._as_json or not sys.stderr.isatty():
            return
        bar = ("#" * round(20 * share)).ljust(20)
        told = f"\rchirps at volume {volume_percent}, please be quiet [{bar}]"
        print(told, end="", file=sys.stderr, flush=True)
        self._shown = True

    def as_json(self) -> dict[str, Any]:
        findings = [asdict(finding) for finding in self._findings]
        return {"ok": not self.failed, "findings": findings, **self._more}

    def close(self) -> None:
        self._wipe()
        if self._as_json:
            print(json.dumps(self.as_json()))

    def _wipe(self) -> None:
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._shown = False
