"""Who may do what: one object, lists, the organization a request works in, and whom work is for."""
