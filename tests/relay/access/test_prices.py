"""What tokens cost."""

import pytest

from edgevoice.config import PriceConfig, RelayConfig
from edgevoice.relay.access.prices import cost_usd, price_of
from edgevoice.relay.monitoring.facts import Tokens

DEAR = PriceConfig("gpt-realtime", 4.0, 32.0, 0.4, 16.0, 64.0)
CHEAP = PriceConfig("gpt-realtime-2.1-mini", 1.0, 10.0, 0.1, 2.0, 20.0)
MILLION = 1_000_000


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        (Tokens(input_text=MILLION), 4.0),
        (Tokens(input_audio=MILLION), 32.0),
        (Tokens(output_text=MILLION), 16.0),
        (Tokens(output_audio=MILLION), 64.0),
        (Tokens(input_text=MILLION, cached=MILLION), 0.4),
        (Tokens(input_text=MILLION, input_audio=MILLION, cached=2 * MILLION), 0.8),
        (Tokens(input_text=MILLION, input_audio=MILLION, cached=MILLION), 32.4),
        (Tokens(input_text=MILLION, cached=9 * MILLION), 0.4),
        (Tokens(), 0.0),
    ],
)
def test_each_kind_of_token_has_its_price(tokens, expected):
    assert cost_usd(tokens, DEAR) == pytest.approx(expected)


def test_the_longest_name_that_fits_counts():
    tokens = Tokens(output_audio=MILLION)
    for prices in ((DEAR, CHEAP), (CHEAP, DEAR)):
        assert price_of("gpt-realtime-2.1-mini", prices)(tokens) == pytest.approx(20.0)
        assert price_of("gpt-realtime-2.1", prices)(tokens) == pytest.approx(64.0)


def test_what_has_no_price_is_free():
    assert price_of("edgevoice-local", RelayConfig().prices)(Tokens(output_audio=MILLION)) == 0.0
    assert price_of("gpt-realtime-2.1", ())(Tokens(output_audio=MILLION)) == 0.0


def test_the_upstreams_model_has_one_unless_the_owner_says_otherwise():
    model = RelayConfig().upstream.model
    assert price_of(model, RelayConfig().prices)(Tokens(output_audio=MILLION)) > 0.0
