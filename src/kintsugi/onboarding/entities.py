"""The entities that can be onboarded, in the order of their references."""

from kintsugi.core.loading import TableLoader
from kintsugi.devices import services as devices
from kintsugi.parties import services as parties
from kintsugi.products import services as products
from kintsugi.takeover import services as takeover

#: A later entity may refer to an earlier one, so files and tables load in this order.
LOADERS: dict[str, TableLoader] = {
    loader.entity: loader
    for loader in (
        parties.LOADER,
        products.PRODUCTS,
        products.IDENTIFIERS,
        devices.LOADER,
        takeover.PLACES,
        takeover.LEVELS,
        takeover.MOVEMENTS,
    )
}
ORDER: dict[str, int] = {entity: place for place, entity in enumerate(LOADERS)}
