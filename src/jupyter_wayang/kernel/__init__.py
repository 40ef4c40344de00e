"""The execution kernel: plans a task over all sites, runs it, and journals what happens."""
