"""Rights that decide which fields of a customer a person meets, and those fields."""

SEES_MONEY = "customers.view_credit"
SEES_EVERYBODY = "customers.view_every_customer"
# Amounts that belong to whoever sees money.
MONEY = ("debit_limit", "min_payment", "daily_spend_limit")
