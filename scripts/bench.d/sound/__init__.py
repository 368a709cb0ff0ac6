"""What the benches of sound share: the parts of `scripts/bench audio`, each a module."""
