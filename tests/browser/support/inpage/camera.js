// A camera that draws the time marker, in place of the browser's: the microphone stays the browser's
// (fake) one. Set before: globalThis.tongkeCamera = { session, width, height, fps }.

(() => {
  const { session, width, height, fps } = globalThis.tongkeCamera;
  const native = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);

  function drawnCamera() {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d", { alpha: false });
    const stream = canvas.captureStream(0);
    const [track] = stream.getVideoTracks();
    let frame = 0;
    const timer = setInterval(() => {
      if (track.readyState === "ended") return clearInterval(timer);
      context.fillStyle = `hsl(${(frame * 3) % 360} 40% 50%)`;
      context.fillRect(0, 0, width, height);
      context.fillStyle = "navy";
      context.fillRect((frame * 7) % width, height * 0.6, width / 8, height / 4);
      const timestamp_ms = Math.round(performance.timeOrigin + performance.now());
      globalThis.tongkeMarker.draw(context, width, height, { session, frame, timestamp_ms });
      track.requestFrame();
      frame += 1;
    }, 1000 / fps);
    return track;
  }

  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const others = wanted.audio ? (await native({ audio: wanted.audio })).getTracks() : [];
    return new MediaStream(wanted.video ? [drawnCamera(), ...others] : others);
  };
})();
