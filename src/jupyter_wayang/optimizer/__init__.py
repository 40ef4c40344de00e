"""The optimizer: rewrites a logical plan, and finds for every operator of a lane the platform, with reasons. No I/O."""
