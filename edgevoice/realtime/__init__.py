"""The language of the OpenAI Realtime API (GA), spoken on both ends of a link.

Pure: values, their JSON, and a conversation built from them. No socket, no
clock, no samples.
"""
