"""What shardkit costs next to the bare driver, measured on the same servers in the same run."""
