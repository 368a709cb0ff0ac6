"""OpenAI's own clients, and the protocol by itself, against a real relay: one test per check.

The relay has a certificate of a private CA, so all of them go by TLS. In CI everything that a
check needs has to be there (`scripts/setup --dev`); elsewhere it is skipped with the reason.
"""

import os
from typing import Any

import pytest

from edgevoice.conformance.suite import checks

pytestmark = [pytest.mark.e2e, pytest.mark.models, pytest.mark.slow]


@pytest.mark.parametrize("name", [check.name for check in checks()])
def test_it_is_as_openais_clients_need_it(outcomes: dict[str, dict[str, Any]], name: str) -> None:
    outcome = outcomes[name]
    if outcome["status"] == "skipped":
        assert os.environ.get("CI") != "true", outcome["reason"]
        pytest.skip(outcome["reason"])
    assert outcome["status"] == "ok", f"expected {outcome['expected']}; came {outcome['came']}"
