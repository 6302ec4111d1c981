"""One WHIP or WHEP session of aiortc, a WebRTC implementation that is not ours."""

import asyncio
import json
import signal
import urllib.request
from urllib.parse import urljoin

import aioice.ice
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

# The tests stay on loopback, which aioice leaves out.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


def say(event: str, **values: object) -> None:
    """One line of JSON for the test that reads along."""
    print(json.dumps({"event": event, **values}), flush=True)


def new_connection() -> RTCPeerConnection:
    # With its default policy aiortc leaves the second and further sounds on a transport that is never started.
    policy = RTCBundlePolicy.MAX_BUNDLE
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=policy))

    @connection.on("connectionstatechange")
    def changed() -> None:
        say("connection", state=connection.connectionState)

    return connection


def _request(method: str, url: str, token: str, body: str | None) -> tuple[int, dict, str]:
    request = urllib.request.Request(url, method=method, data=None if body is None else body.encode())
    request.add_header("Authorization", f"Bearer {token}")
    if body is not None:
        request.add_header("Content-Type", "application/sdp")
    with urllib.request.urlopen(request, timeout=5) as answer:
        return answer.status, dict(answer.headers), answer.read().decode()


class Session:
    """A session at the relay: begun with an offer, ended with DELETE."""

    def __init__(self, connection: RTCPeerConnection, url: str, token: str) -> None:
        self.connection, self.url, self.token, self.resource = connection, url, token, ""

    async def begin(self) -> None:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        offer = self.connection.localDescription.sdp
        status, headers, answer = await asyncio.to_thread(_request, "POST", self.url, self.token, offer)
        headers = {name.lower(): value for name, value in headers.items()}
        self.resource = urljoin(self.url, headers["location"])
        say("answered", status=status, location=self.resource, etag=headers.get("etag"))
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def end(self) -> None:
        status, _, _ = await asyncio.to_thread(_request, "DELETE", self.resource, self.token, None)
        say("deleted", status=status)
        await self.connection.close()


async def until_told() -> None:
    """Waits for SIGTERM."""
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    await told.wait()
