"""Parts of plans, and of the acceptance of requests, that several operations share."""
