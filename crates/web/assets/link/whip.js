// What this room sends: camera in two or three sizes, microphone and courseware, in one connection.

import { pictureCodecs, soundCodecs } from "./codecs.js";
import { askForCaptureTimes } from "./extensions.js";
import { CONFIGURATION, Peer } from "./peer.js";
import { hasH264, withContent } from "./sdp.js";

/** Bits per second for the microphone, before redundancy: speech at full band. */
const SOUND_BPS = 40_000;
/** Courseware: sharp text, few pictures. */
const SCREEN = { maxBitrate: 2_500_000, maxFramerate: 15 };
/** Cameras narrower than this get two sizes: a third would be of no use to anybody. */
const THREE_SIZES_FROM_PX = 960;
/** Camera width where the browser does not tell it. */
const USUAL_WIDTH_PX = 1280;

/** @typedef {{ camera: MediaStreamTrack | null, microphone: MediaStreamTrack | null, screen: MediaStreamTrack | null }} Tracks */

/**
 * The simulcast encodings of a camera: `h` as it is, `m` half, `l` a quarter.
 * @param {number} width_px
 * @returns {RTCRtpEncodingParameters[]}
 */
export function encodings(width_px) {
  const sizes = [
    { rid: "h", scaleResolutionDownBy: 1 },
    { rid: "m", scaleResolutionDownBy: 2 },
    { rid: "l", scaleResolutionDownBy: 4 },
  ];
  return sizes
    .slice(0, width_px < THREE_SIZES_FROM_PX ? 2 : 3)
    .map((size) => ({ ...size, maxBitrate: pictureBps(width_px / size.scaleResolutionDownBy) }));
}

/** @param {number} width_px */
function pictureBps(width_px) {
  if (width_px >= 1600) return 2_500_000;
  if (width_px >= 1200) return 1_800_000;
  if (width_px >= 900) return 1_000_000;
  return width_px >= 480 ? 500_000 : 150_000;
}

/** A room's sending session. */
export class Whip {
  #camera;
  #microphone;
  #screen;

  /**
   * @param {string} lesson
   * @param {string} grant
   * @param {Tracks} tracks
   */
  constructor(lesson, grant, tracks) {
    const connection = new RTCPeerConnection(CONFIGURATION);
    const width_px = tracks.camera?.getSettings().width ?? USUAL_WIDTH_PX;
    this.#camera = connection.addTransceiver(tracks.camera ?? "video", {
      direction: "sendonly",
      sendEncodings: encodings(width_px),
    });
    this.#microphone = connection.addTransceiver(tracks.microphone ?? "audio", {
      direction: "sendonly",
      sendEncodings: [{ maxBitrate: SOUND_BPS, priority: "high" }],
    });
    this.#screen = connection.addTransceiver(tracks.screen ?? "video", {
      direction: "sendonly",
      sendEncodings: [SCREEN],
    });
    const pictures = RTCRtpSender.getCapabilities("video")?.codecs ?? [];
    this.#camera.setCodecPreferences(pictureCodecs(pictures));
    this.#screen.setCodecPreferences(pictureCodecs(pictures));
    this.#microphone.setCodecPreferences(soundCodecs(RTCRtpSender.getCapabilities("audio")?.codecs ?? []));
    for (const transceiver of [this.#camera, this.#microphone, this.#screen]) askForCaptureTimes(transceiver);
    const shape = (/** @type {string} */ offer) => withContent(offer, this.#screen.mid ?? "2", "slides");
    this.peer = new Peer({ endpoint: `/whip/${encodeURIComponent(lesson)}`, grant, connection, shape });
  }

  /**
   * Whether the offer has H.264. What a browser is capable of is another matter: Firefox names it
   * without having it. Null: not offered yet.
   */
  get has_h264() {
    const offer = this.peer.connection.localDescription;
    return offer ? hasH264(offer.sdp) : null;
  }

  /** The microphone that is sent. */
  get microphone() {
    return this.#microphone.sender.track;
  }

  /** Joins. @returns {Promise<import("../api.js").Problem | null>} */
  async join() {
    const problem = await this.peer.join();
    if (problem) return problem;
    await prefer(this.#camera.sender, "balanced");
    await prefer(this.#screen.sender, "maintain-resolution");
    return null;
  }

  /** @param {MediaStreamTrack | null} track */
  async setCamera(track) {
    await this.#camera.sender.replaceTrack(track);
  }

  /** @param {MediaStreamTrack | null} track */
  async setMicrophone(track) {
    await this.#microphone.sender.replaceTrack(track);
  }

  /** @param {MediaStreamTrack | null} track */
  async setScreen(track) {
    await this.#screen.sender.replaceTrack(track);
  }
}

/**
 * What gives way when the link or the machine is too slow. Browsers that do not know it decide
 * themselves.
 * @param {RTCRtpSender} sender
 * @param {RTCDegradationPreference} preference
 */
async function prefer(sender, preference) {
  const parameters = sender.getParameters();
  parameters.degradationPreference = preference;
  await sender.setParameters(parameters).catch(() => {});
}
