"""Text to speech: one interface (`mouth.py`), and what can stand behind it, chosen by name."""
