"""A LAN with an ONVIF camera that answers WS-Discovery, somebody who lies about where it is, and somebody who sends
rubbish; run by test_camera_discovery.py in a network of its own. Prints who is found, as JSON.
"""

import asyncio
import dataclasses
import json
import re
import socket
import struct
from typing import cast
from uuid import UUID, uuid4

from actions.cameras.discovery import discover
from domain.access import Role, Viewer
from tests.own_network import ADDRESS

GROUP, PORT = "239.255.255.250", 3702  # WS-Discovery, 2.4
SAYS = "onvif://www.onvif.org"
SCOPES = f"{SAYS}/type/video_encoder {SAYS}/name/HIKVISION%20DS-2CD2043 {SAYS}/hardware/DS-2CD2043G2"
MATCH = """<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
  xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
  xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:n="http://www.onvif.org/ver10/network/wsdl">
  <s:Header><a:MessageID>urn:uuid:{message}</a:MessageID><a:RelatesTo>{asked}</a:RelatesTo>
    <a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>
    <a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</a:Action>
    <d:AppSequence InstanceId="1" MessageNumber="{number}"/></s:Header>
  <s:Body><d:ProbeMatches><d:ProbeMatch>
    <a:EndpointReference><a:Address>urn:uuid:{device}</a:Address></a:EndpointReference>
    <d:Types>n:{kind}</d:Types><d:Scopes>{scopes}</d:Scopes><d:XAddrs>{places}</d:XAddrs>
    <d:MetadataVersion>1</d:MetadataVersion>
  </d:ProbeMatch></d:ProbeMatches></s:Body>
</s:Envelope>"""
DEVICES = (
    ("NetworkVideoTransmitter", "http://[fe80::1]/onvif http://192.0.2.64/onvif/device_service", SCOPES),
    ("NetworkVideoTransmitter", "http://127.0.0.1/onvif/device_service", f"{SAYS}/name/Liar"),
    ("NetworkVideoDisplay", "http://192.0.2.65/onvif/device_service", f"{SAYS}/name/Screen"),
)


class Lan(asyncio.DatagramProtocol):
    """All of them behind one socket."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._sent = cast(asyncio.DatagramTransport, transport), 0

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asked = re.search(rb"MessageID[^>]*>\s*([^<\s]+)", data)
        if b"discovery/Probe<" not in data or asked is None:
            return
        self._transport.sendto(b"\xff<rubbish", addr)
        for kind, places, scopes in DEVICES:
            self._sent += 1
            words = {"message": uuid4(), "asked": asked[1].decode(), "number": self._sent, "device": uuid4()}
            said = MATCH.format(kind=kind, places=places, scopes=scopes, **words)
            self._transport.sendto(said.encode(), addr)


async def main() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(("", PORT))
        joined = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton(ADDRESS))
        door.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joined)
        await asyncio.get_running_loop().create_datagram_endpoint(Lan, sock=door)
        found = await discover(Viewer(UUID(int=1), "Meera", UUID(int=2), Role.OWNER))
        assert isinstance(found, list), found
        print(json.dumps([dataclasses.asdict(device) for device in found]))


if __name__ == "__main__":
    asyncio.run(main())
