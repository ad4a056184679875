"""Orders and their items, sharded by the buyer, and the questions a shop asks about all of them."""
