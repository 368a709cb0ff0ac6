"""The engine that needs no account: recognition, intents or a chat server, and a voice."""
