"""aiomqtt's client for the server's trickles of messages, set up the same everywhere."""

import ssl

import aiomqtt

from ingest.broker_address import BrokerAddress

KEEP_ALIVE_S = 20


def client(address: BrokerAddress, client_id: str) -> aiomqtt.Client:
    """A connection by MQTT 5, to be opened with `async with`."""
    return aiomqtt.Client(
        address.host,
        address.port,
        username=address.username,
        password=address.password,
        identifier=client_id,
        protocol=aiomqtt.ProtocolVersion.V5,
        tls_context=ssl.create_default_context() if address.tls else None,
        keepalive=KEEP_ALIVE_S,
    )
