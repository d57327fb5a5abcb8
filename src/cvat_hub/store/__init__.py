"""The store: what the hub keeps in its database, one module per noun.

The functions take a connection whose transaction is the caller's, and never commit themselves.
"""

from .engine import Store, StoreError, open_store

__all__ = ["Store", "StoreError", "open_store"]
