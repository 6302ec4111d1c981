#!/usr/bin/python3
"""An RTSP camera for the tests: GStreamer's server with a test picture on loopback.

    camera.py PORT

/baseline is what a browser can show as it is; /bframes has B-frames, which a live lesson cannot
pass on. Prints 'ready' when it listens.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

PICTURE = "videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=640,height=360,framerate=25/1"
PAYLOAD = "h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1"
STREAMS = {
    "/baseline": "x264enc tune=zerolatency speed-preset=ultrafast bframes=0 key-int-max=50 bitrate=800"
    " ! video/x-h264,profile=constrained-baseline",
    "/bframes": "x264enc speed-preset=veryfast bframes=2 b-adapt=false rc-lookahead=5 key-int-max=50 bitrate=800"
    " ! video/x-h264,profile=main",
}


def main() -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(sys.argv[1])
    for path, encoder in STREAMS.items():
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(f"( {PICTURE} ! {encoder} ! {PAYLOAD} )")
        factory.set_shared(True)
        server.get_mount_points().add_factory(path, factory)
    if not server.attach(None):
        sys.exit(f"cannot listen on 127.0.0.1:{sys.argv[1]}")
    print("ready", flush=True)
    GLib.MainLoop().run()


main()
