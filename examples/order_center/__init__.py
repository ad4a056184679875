"""The order center: checkouts split by seller, orders and their states, stock, and the segments of their buyers."""
