"""What the keyword box finds: one row of words per customer and room, kept by each room's own triggers.

A room calls `search_term_triggers` in the Meta of the model whose words should be found. Statement-level
triggers make COPY and bulk updates count like a single save; rooms never write each other's row, so that
they cannot wait for one another.
"""

import pgtrigger

SearchTrigger = pgtrigger.Trigger


def search_term_triggers(*, source: str, customer_column: str, select: str) -> list[SearchTrigger]:
    """Triggers that keep `customers_searchterm` rows of one source.

    source: the room's word for itself, such as "contacts".
    customer_column: the column of this table that holds the customer's id.
    select: SQL giving (customer id, words) for the ids in the array `touched`; a customer that it leaves
        out loses its row.
    """
    body = f"""
        DELETE FROM customers_searchterm WHERE source = '{source}' AND customer_id = ANY(touched)
           AND customer_id NOT IN (SELECT customer_id FROM ({select}) AS found (customer_id, words));
        INSERT INTO customers_searchterm (customer_id, source, words)
        SELECT found.customer_id, '{source}', lower(found.words) FROM ({select}) AS found (customer_id, words)
          JOIN customers_customer ON customers_customer.id = found.customer_id
         ORDER BY found.customer_id
        ON CONFLICT (customer_id, source) DO UPDATE SET words = excluded.words
         WHERE customers_searchterm.words <> excluded.words;
        RETURN NULL;
    """  # noqa: S608 - both parts come from our own models, never from a request
    return statement_triggers(name=f"search_{source}", customer_column=customer_column, body=body)


def statement_triggers(*, name: str, customer_column: str, body: str) -> list[SearchTrigger]:
    """One trigger per event around `body`, which finds the ids of the customers concerned in `touched`."""
    changed = {
        pgtrigger.Insert: (pgtrigger.Referencing(new="new_rows"), "SELECT {c} FROM new_rows"),
        pgtrigger.Delete: (pgtrigger.Referencing(old="old_rows"), "SELECT {c} FROM old_rows"),
        pgtrigger.Update: (
            pgtrigger.Referencing(old="old_rows", new="new_rows"),
            "SELECT {c} FROM old_rows UNION SELECT {c} FROM new_rows",
        ),
    }
    return [
        pgtrigger.Trigger(
            name=f"{name}_{str(operation).lower()}",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=referencing,
            declare=[("touched", "bigint[]")],
            func=f"touched := ARRAY({ids.format(c=customer_column)}); {body}",
        )
        for operation, (referencing, ids) in changed.items()
    ]
