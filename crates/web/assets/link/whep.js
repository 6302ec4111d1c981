// What this window receives: a number of slots for pictures and for sound. The relay decides what
// is in a slot and says so on the event stream.

import { pictureCodecs, soundCodecs } from "./codecs.js";
import { askForCaptureTimes } from "./extensions.js";
import { CONFIGURATION, Peer } from "./peer.js";

/**
 * Least sound held back, in ms: room for the redundant copy of a lost packet, which comes one packet
 * later. The browser holds back more when packets come unevenly.
 */
const SOUND_TARGET_MS = 40;

/** @typedef {{ slot: number, media: MediaStream, track: MediaStreamTrack, transceiver: RTCRtpTransceiver }} ReceiveSlot */

/** A window's receiving session. */
export class Whep {
  /** @type {ReceiveSlot[]} in the order of their numbers */
  slots;

  /**
   * @param {string} lesson
   * @param {string} grant
   * @param {{ video: number, audio: number }} count
   */
  constructor(lesson, grant, count) {
    const connection = new RTCPeerConnection(CONFIGURATION);
    const codecs = {
      video: pictureCodecs(RTCRtpReceiver.getCapabilities("video")?.codecs ?? []),
      audio: soundCodecs(RTCRtpReceiver.getCapabilities("audio")?.codecs ?? []),
    };
    /** @type {("video" | "audio")[]} */
    const kinds = [...Array(count.video).fill("video"), ...Array(count.audio).fill("audio")];
    this.slots = kinds.map((kind, slot) => {
      const transceiver = connection.addTransceiver(kind, { direction: "recvonly" });
      transceiver.setCodecPreferences(codecs[kind]);
      askForCaptureTimes(transceiver);
      const { receiver } = transceiver;
      if (kind === "audio" && "jitterBufferTarget" in receiver) receiver.jitterBufferTarget = SOUND_TARGET_MS;
      return { slot, media: new MediaStream([receiver.track]), track: receiver.track, transceiver };
    });
    this.peer = new Peer({ endpoint: `/whep/${encodeURIComponent(lesson)}`, grant, connection });
  }

  /** Joins. @returns {Promise<import("../api.js").Problem | null>} */
  join() {
    return this.peer.join();
  }
}
