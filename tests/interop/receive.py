"""Receives pictures and sound by WHEP, until SIGTERM; twice a second tells what came.

    receive.py URL TOKEN VIDEO_SLOTS AUDIO_SLOTS
"""

import asyncio
import sys
import time

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from session import Session, new_connection, say, until_told


async def count(track: MediaStreamTrack, slot: dict) -> None:
    try:
        while True:
            frame = await track.recv()
            slot["frames"] += 1
            if track.kind == "video":
                slot["size"] = [frame.width, frame.height]
            else:
                loudest = max(abs(value) for value in memoryview(frame.planes[0]).cast("B").cast("h"))
                slot["loudest"] = max(slot.get("loudest", 0), loudest)
            slot.setdefault("first_at", time.monotonic())
    except MediaStreamError:
        pass


async def tell(slots: list[dict], asked: float) -> None:
    while True:
        await asyncio.sleep(0.5)
        firsts = [slot["first_at"] - asked for slot in slots if slot["kind"] == "video" and "first_at" in slot]
        first_ms = round(min(firsts) * 1000) if firsts else None
        say("received", first_picture_ms=first_ms, slots=[{k: v for k, v in s.items() if k != "first_at"} for s in slots])


async def main(url: str, token: str, video: str, audio: str) -> None:
    connection = new_connection()
    slots: list[dict] = []
    tasks = []

    @connection.on("track")
    def came(track: MediaStreamTrack) -> None:
        slot = {"kind": track.kind, "frames": 0}
        slots.append(slot)
        tasks.append(asyncio.ensure_future(count(track, slot)))

    for kind, number in (("video", int(video)), ("audio", int(audio))):
        for _ in range(number):
            connection.addTransceiver(kind, direction="recvonly")
    session = Session(connection, url, token)
    asked = time.monotonic()
    await session.begin()
    tasks.append(asyncio.ensure_future(tell(slots, asked)))
    await until_told()
    await session.end()
    for task in tasks:
        task.cancel()


asyncio.run(main(*sys.argv[1:5]))
