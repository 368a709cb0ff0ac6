"""What tokens cost: the configured price of a session's model, in millionths of a US dollar.

A model that has no price costs nothing, as those on this machine do.
"""

from collections.abc import Sequence

from edgevoice.config import PriceConfig
from edgevoice.relay.monitoring.facts import Tokens
from edgevoice.relay.monitoring.session_watch import Price, free


def price_of(model: str, prices: Sequence[PriceConfig]) -> Price:
    """The longest name that the model's begins with counts: `gpt-realtime` is for all of them."""
    fitting = [price for price in prices if model.startswith(price.model)]
    if not fitting:
        return free
    price = max(fitting, key=lambda price: len(price.model))
    return lambda tokens: cost_usd(tokens, price)


def cost_usd(tokens: Tokens, price: PriceConfig) -> float:
    """What was read before costs less; it is taken off the words first, then off the sound."""
    words_before = min(tokens.cached, tokens.input_text)
    sound_before = min(tokens.cached - words_before, tokens.input_audio)
    millionths = (
        (tokens.input_text - words_before) * price.text_in_usd
        + (tokens.input_audio - sound_before) * price.audio_in_usd
        + (words_before + sound_before) * price.cached_in_usd
        + tokens.output_text * price.text_out_usd
        + tokens.output_audio * price.audio_out_usd
    )
    return millionths / 1e6
