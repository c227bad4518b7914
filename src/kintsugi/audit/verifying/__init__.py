"""Independent ways of finding out whether the record is what it was: context tokens, the fold of
the log over the tables, and a witness that reads the database's own write-ahead log."""
