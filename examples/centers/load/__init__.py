"""A promotion: a base rate of requests, then forty times as many, and the proof that no order was lost or doubled."""
