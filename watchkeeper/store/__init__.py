"""Where the watch remembers: tables and queries over SQLite or PostgreSQL. Rows never leave here, values do."""
