"""Routing's warnings about a customer, derived in the database from its own tables."""

from customers.search import SearchTrigger, statement_triggers

NO_AUTHENTICATION = "no_authentication"
NO_ROUTING = "no_routing"

# Which warnings a customer carries, for the ids in the array `touched`. The one home of W1 and W2: the
# triggers below run it after every change, the self-check runs it over everybody.
WARNINGS_SQL = f"""
    SELECT customer.id,
           array_remove(ARRAY[
               CASE WHEN NOT EXISTS (SELECT FROM routing_ipauth WHERE customer_id = customer.id AND enabled)
                     AND NOT EXISTS (SELECT FROM routing_sipuser WHERE customer_id = customer.id AND enabled)
                    THEN '{NO_AUTHENTICATION}' END,
               CASE WHEN NOT EXISTS (SELECT FROM routing_ingressroute
                                      WHERE customer_id = customer.id AND enabled)
                    THEN '{NO_ROUTING}' END
           ]::varchar(32)[], NULL) AS warnings
      FROM customers_customer AS customer
"""  # noqa: S608 - constants of this module

_KEEP_WARNINGS = f"""
    PERFORM 1 FROM customers_listing WHERE customer_id = ANY(touched) ORDER BY customer_id FOR NO KEY UPDATE;
    UPDATE customers_listing AS listing SET routing_warnings = found.warnings
      FROM ({WARNINGS_SQL} WHERE customer.id = ANY(touched)) AS found (id, warnings)
     WHERE listing.customer_id = found.id AND listing.routing_warnings <> found.warnings;
    RETURN NULL;
"""  # noqa: S608 - constants of this module


def warning_triggers() -> list[SearchTrigger]:
    """Triggers for a table with `customer_id` whose rows decide whether a customer can call at all."""
    return statement_triggers(name="keep_warnings", customer_column="customer_id", body=_KEEP_WARNINGS)
