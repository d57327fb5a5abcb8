"""Functions that agents serve: what they are, the queue of what is asked of them, and its bells."""
