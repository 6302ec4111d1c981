// A browser built without H.264: none is named among what it can, and none is offered.

(() => {
  for (const side of [RTCRtpSender, RTCRtpReceiver]) {
    const native = side.getCapabilities.bind(side);
    side.getCapabilities = (kind) => {
      const all = native(kind);
      return all && { ...all, codecs: all.codecs.filter(({ mimeType }) => mimeType.toLowerCase() !== "video/h264") };
    };
  }
  const { addTransceiver } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.addTransceiver = function add(of, options) {
    const transceiver = addTransceiver.call(this, of, options);
    if (of === "video" || of.kind === "video") transceiver.setCodecPreferences(RTCRtpReceiver.getCapabilities("video").codecs);
    return transceiver;
  };
})();
