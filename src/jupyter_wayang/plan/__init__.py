"""The language of plans: types, expressions, operators, logical plans, execution plans, models and their wire form."""
