"""Answers that need no language model: rules in small files, one per topic.

A topic is a function of what was said and the surroundings; it returns a spoken
answer, a tool call, or None when it is not about that. Rules match whole
utterances, because everything they do not match may go to a chat server.
"""
