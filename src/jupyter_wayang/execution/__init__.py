"""Running an execution plan in one place: lowering to base operators, and the executor of a lane."""
