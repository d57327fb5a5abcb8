"""Ready-made functions: one module each, with a `create` function."""
