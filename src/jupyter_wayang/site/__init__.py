"""A site: a trust boundary. It plans its own part, enforces its own policy, and records what leaves."""
