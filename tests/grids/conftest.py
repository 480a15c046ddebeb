"""What several tests of the engine share."""

import pytest

from customers.models import Listing
from tests.grids import cast


@pytest.fixture
def customers(db) -> list[Listing]:
    """Sixty customers of all kinds."""
    return cast.sixty()
