// What the browser itself knows of a page's connections: injected before the page's own modules, it
// keeps every RTCPeerConnection, and notes when the answer came and when the first picture was decoded.

(() => {
  const Native = window.RTCPeerConnection;
  /** @type {{ peer: RTCPeerConnection, answered_ms: number | null, first_picture_ms: number | null }[]} */
  const known = [];

  window.RTCPeerConnection = class RTCPeerConnection extends Native {
    constructor(...given) {
      super(...given);
      this.known = { peer: this, answered_ms: null, first_picture_ms: null };
      known.push(this.known);
    }

    async setRemoteDescription(description) {
      const { known } = this;
      if (known.answered_ms === null) {
        known.answered_ms = performance.now();
        // Not awaited: the page goes on while the first picture is waited for.
        void firstPicture(known);
      }
      return super.setRemoteDescription(description);
    }
  };

  const turn = () => new Promise((resolve) => setTimeout(resolve, 10));

  async function firstPicture(known) {
    while (known.peer.connectionState !== "closed") {
      for (const stats of (await known.peer.getStats()).values()) {
        if (stats.type === "inbound-rtp" && stats.kind === "video" && stats.framesDecoded > 0) {
          known.first_picture_ms = performance.now();
          return;
        }
      }
      await turn();
    }
  }

  const open = () => known.filter(({ peer }) => peer.connectionState !== "closed");

  /** Every statistics object of the open connections of a type. */
  async function stats(type) {
    const reports = await Promise.all(open().map(({ peer }) => peer.getStats()));
    return reports.flatMap((report) => [...report.values()]).filter((one) => one.type === type);
  }

  /** Inbound statistics of the tracks that the page says it shows, by participant and track. */
  async function received() {
    const slots = [...(window.tongke?.link?.slots?.values() ?? [])].filter((slot) => slot.source);
    const inbound = await stats("inbound-rtp");
    const codecs = new Map((await stats("codec")).map((codec) => [codec.id, codec.mimeType]));
    return slots.map(({ source, track }) => {
      const one = inbound.find((stats) => stats.trackIdentifier === track?.id);
      const mime = one ? codecs.get(one.codecId) : undefined;
      return { participant: source.participant, track: source.track, ...one, mime };
    });
  }

  /** From the answer to the first decoded picture of the newest connection that has shown one, in ms. */
  function firstPictureAfterAnswer_ms() {
    const shown = known.filter((one) => one.first_picture_ms !== null).at(-1);
    return shown ? shown.first_picture_ms - shown.answered_ms : null;
  }

  /** Longest time between two pictures that a video shows, in ms, while it is watched for `watch_ms`. */
  function longestGap(video, watch_ms) {
    return new Promise((resolve) => {
      const begun_ms = performance.now();
      let [last_ms, longest_ms] = [begun_ms, 0];
      const shown = () => {
        const now_ms = performance.now();
        longest_ms = Math.max(longest_ms, now_ms - last_ms);
        last_ms = now_ms;
        if (now_ms - begun_ms < watch_ms) video.requestVideoFrameCallback(shown);
      };
      video.requestVideoFrameCallback(shown);
      setTimeout(() => resolve(Math.max(longest_ms, performance.now() - last_ms)), watch_ms);
    });
  }

  globalThis.tongkePeers = { known, stats, received, firstPictureAfterAnswer_ms, longestGap };
})();
