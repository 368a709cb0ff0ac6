"""A voice assistant for small boards, and the relay it talks to."""

__version__ = "0.1.0"
