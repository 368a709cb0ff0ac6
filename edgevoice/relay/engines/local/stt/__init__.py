"""Speech to text: one interface (`ear.py`), and what can stand behind it, chosen by name."""
