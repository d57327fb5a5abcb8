"""The server's objects: one module for each kind."""
