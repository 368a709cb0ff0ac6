"""The relay as a client of MCP servers (Model Context Protocol): other programs' tools.

The package `mcp` is optional and takes a second to load, so only `client.py`, `stdio.py` and
`http.py` import it, and only once a server is configured.

A server is somebody else's program. Rule 1: it can make no session wait; calls are limited in
time, and everything else happens beside them. Rule 2: what it sends is bounded before it is
parsed: size and number of messages here, depth by the parser. Rule 3: its schemas are shown to
the model and otherwise not used: validating with a stranger's regular expressions could take
for ever.
"""
