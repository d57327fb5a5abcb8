"""The routes: one module per noun, each with the table of its own."""
