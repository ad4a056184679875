"""Members with addresses, login accounts, email verification and companies, all on the member's own shard."""
