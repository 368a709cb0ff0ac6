"""A session and the tools that the relay runs: offered to the engine, asked about, run, shown.

How a tool is run is the toolbox's business (`relay/mcp/`); here nothing knows of servers.
"""
