"""The addresses of the broker as pika wants them."""

import pika

from events.broker.addresses import addresses


def pika_nodes(url: str, *, connection_name: str) -> list[pika.URLParameters]:
    """One item for each address; ``BlockingConnection`` takes the whole list and tries them in order."""
    found = [pika.URLParameters(one) for one in addresses(url)]
    for parameters in found:
        parameters.client_properties = {"connection_name": connection_name}
    return found
