"""The command line: words to calls of the library. `cvat_cli.__main__.main` is its front door."""
