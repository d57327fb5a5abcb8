"""What surrounds every request: its id and log line, figures, careful headers, proxies, bounds."""
