"""The demo: orders over sixteen databases, and the proof that pages and sums equal those of one unsharded copy."""
