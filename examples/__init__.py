"""Two small services written against shardkit, and a demo that proves their cross-shard answers."""
