"""A server that behaves as OpenAI's Realtime API does, for tests: foreign to us.

It knows no `edgevoice.*` header or event, its ICE is lite, and it writes what is
appended and what comes by RTP into one input buffer, in the order of arrival. What a
client should not do is answered as OpenAI answers it, or noted in `violations`.

    async with OpenAiServer("sk-x").serving() as url: ...   # in the test
    python -m tests.openai_server --key sk-x               # as a process

It trusts `edgevoice.webrtc` with ICE, DTLS and Opus, and no more.
"""
