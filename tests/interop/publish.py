"""Publishes a moving picture and a tone by WHIP, until SIGTERM.

    publish.py URL TOKEN h264|vp8
"""

import asyncio
import fractions
import math
import struct
import sys

import av
from aiortc import AudioStreamTrack, RTCRtpSender, VideoStreamTrack
from session import Session, new_connection, until_told

WIDTH, HEIGHT = 320, 240
RATE_HZ, FRAME = 48_000, 960


class Picture(VideoStreamTrack):
    """A grey that changes and a bar that moves, 30 a second."""

    count = 0

    async def recv(self) -> av.VideoFrame:
        pts, time_base = await self.next_timestamp()
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        luma = bytearray([64 + self.count % 128]) * (frame.planes[0].line_size * HEIGHT)
        bar = self.count * 4 % WIDTH
        for line in range(HEIGHT):
            at = line * frame.planes[0].line_size + bar
            luma[at : at + 8] = b"\xeb" * 8
        frame.planes[0].update(bytes(luma[: frame.planes[0].buffer_size]))
        for plane in frame.planes[1:]:
            plane.update(b"\x80" * plane.buffer_size)
        frame.pts, frame.time_base = pts, time_base
        self.count += 1
        return frame


class Tone(AudioStreamTrack):
    """440 Hz."""

    start: float | None = None
    samples = 0

    async def recv(self) -> av.AudioFrame:
        loop = asyncio.get_running_loop()
        if self.start is None:
            self.start = loop.time()
        await asyncio.sleep(max(0.0, self.start + self.samples / RATE_HZ - loop.time()))
        tone = (int(8_000 * math.sin(math.tau * 440 * (self.samples + i) / RATE_HZ)) for i in range(FRAME))
        frame = av.AudioFrame(format="s16", layout="mono", samples=FRAME)
        frame.planes[0].update(struct.pack(f"<{FRAME}h", *tone))
        frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, self.samples, fractions.Fraction(1, RATE_HZ)
        self.samples += FRAME
        return frame


async def main(url: str, token: str, codec: str) -> None:
    connection = new_connection()
    connection.addTrack(Tone())
    connection.addTrack(Picture())
    for transceiver in connection.getTransceivers():
        if transceiver.kind == "video":
            wanted = f"video/{codec}"
            codecs = RTCRtpSender.getCapabilities("video").codecs
            transceiver.setCodecPreferences([one for one in codecs if one.mimeType.lower() in (wanted, "video/rtx")])
    session = Session(connection, url, token)
    await session.begin()
    await until_told()
    await session.end()


asyncio.run(main(*sys.argv[1:4]))
