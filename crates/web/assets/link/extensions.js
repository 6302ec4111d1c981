// abs-capture-time: packets that say when their picture or sound was captured. Browsers know it but
// do not offer it by themselves.

const CAPTURE_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time";

/** @typedef {{ uri: string, direction: string }} HeaderExtension */
/**
 * The part of the WebRTC extensions specification that TypeScript does not know.
 * @typedef {object} Negotiating
 * @property {() => HeaderExtension[]} [getHeaderExtensionsToNegotiate]
 * @property {(extensions: HeaderExtension[]) => void} [setHeaderExtensionsToNegotiate]
 */

/**
 * Offers capture times on a transceiver, if the browser can.
 * @param {RTCRtpTransceiver & Negotiating} transceiver
 */
export function askForCaptureTimes(transceiver) {
  const extensions = transceiver.getHeaderExtensionsToNegotiate?.();
  const wanted = extensions?.find(({ uri }) => uri === CAPTURE_TIME);
  if (!extensions || !wanted) return;
  wanted.direction = "sendrecv";
  transceiver.setHeaderExtensionsToNegotiate?.(extensions);
}
