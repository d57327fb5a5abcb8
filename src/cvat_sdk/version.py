"""The version of the official SDK whose functions and scripts run with this one unchanged."""

VERSION = "2.80.0"
