// Camera and microphone: opened with one question, named when they cannot be had, and chosen again
// when something is plugged in or out.

/**
 * @typedef {"camera" | "microphone"} Kind
 *
 * @typedef {Record<Kind, string | null>} Chosen Device ids; null: the browser's own choice.
 *
 * @typedef {object} Opened What could be opened, and why not the rest.
 * @property {MediaStream} stream
 * @property {MediaStreamTrack | null} camera
 * @property {MediaStreamTrack | null} microphone
 * @property {Partial<Record<Kind, Trouble>>} troubles
 *
 * @typedef {"insecure" | "missing" | "denied" | "blocked" | "system" | "taken" | "failed"} Trouble
 * Why a device cannot be had: the page is not on HTTPS; there is none; the person said no or closed
 * the question (`denied`), or the browser was told no for good (`blocked`); the operating system
 * says no; another program has it; or it does not work.
 */

/** What the lesson sends.
 * @type {MediaTrackConstraints} */
const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
/** @type {MediaTrackConstraints} */
const VOICE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
/** What the room really sounds like, for the check.
 * @type {MediaTrackConstraints} */
const ROOM = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

/**
 * Opens what the lesson needs, both with one question to the person. A device that was remembered
 * and is gone gives way to another one.
 * @param {Chosen} chosen
 * @param {Kind[]} [kinds]
 * @returns {Promise<Opened>}
 */
export async function openDevices(chosen, kinds = ["camera", "microphone"]) {
  if (!navigator.mediaDevices) return opened([], all(kinds, "insecure"));
  const present = await presentOf(kinds);
  const missing = all(kinds.filter((kind) => !present.includes(kind)), "missing");
  if (present.length === 0) return opened([], missing);
  const together = await ask(present, chosen);
  if (Array.isArray(together)) return opened(together, missing);
  if (present.length === 1 || isNoForBoth(together)) {
    const trouble = await troubleOf(together, present);
    return opened([], { ...missing, ...trouble });
  }
  // One of the two spoils it for both: the other is still wanted.
  const apart = await Promise.all(present.map(async (kind) => ({ kind, got: await ask([kind], chosen) })));
  let troubles = missing;
  /** @type {MediaStreamTrack[]} */
  const tracks = [];
  for (const { kind, got } of apart) {
    if (Array.isArray(got)) tracks.push(...got);
    else troubles = { ...troubles, ...(await troubleOf(got, [kind])) };
  }
  return opened(tracks, troubles);
}

/**
 * The same microphone a second time, without the processing that hides what the room sounds like.
 * The permission is given already, so nobody is asked.
 * @param {MediaStreamTrack} microphone
 * @returns {Promise<MediaStreamTrack | null>} null: the browser does not open it twice
 */
export async function openRoomSound(microphone) {
  const { deviceId } = microphone.getSettings();
  const audio = deviceId ? { ...ROOM, deviceId: { exact: deviceId } } : ROOM;
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio });
    return stream.getAudioTracks()[0] ?? null;
  } catch {
    return null;
  }
}

/**
 * What a failure of `getUserMedia` means.
 * @param {{name: string, message: string}} error
 * @param {boolean} blocked Whether the browser was told no for good.
 * @returns {Trouble}
 */
export function troubleName(error, blocked) {
  switch (error.name) {
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "taken";
    case "NotAllowedError":
      if (/system/i.test(error.message)) return "system";
      return blocked ? "blocked" : "denied";
    case "SecurityError":
      return "blocked";
    default:
      return "failed";
  }
}

/**
 * Cameras, microphones and loudspeakers that can be chosen; empty where the browser tells no names.
 * @returns {Promise<Record<"camera" | "microphone" | "speaker", {id: string, name: string}[]>>}
 */
export async function listDevices() {
  const devices = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  const of = (/** @type {MediaDeviceKind} */ kind) =>
    devices
      .filter((device) => device.kind === kind && device.deviceId !== "" && device.label !== "")
      .map((device) => ({ id: device.deviceId, name: device.label }));
  return { camera: of("videoinput"), microphone: of("audioinput"), speaker: of("audiooutput") };
}

/** @param {DOMException} error Whether the person closed the question: asking for each would only repeat it. */
function isNoForBoth(error) {
  return error.name === "NotAllowedError" && /dismiss/i.test(error.message);
}

/**
 * The chosen devices and no others, for a browser takes an `ideal` one as one wish among many; where
 * one of them is gone, whichever there are.
 * @param {Kind[]} kinds
 * @param {Chosen} chosen
 * @returns {Promise<MediaStreamTrack[] | DOMException>}
 */
async function ask(kinds, chosen) {
  const got = await askExactly(kinds, chosen);
  const isGone = !Array.isArray(got) && troubleName(got, false) === "missing";
  const isChosen = kinds.some((kind) => chosen[kind] !== null);
  return isGone && isChosen ? askExactly(kinds, { camera: null, microphone: null }) : got;
}

/**
 * @param {Kind[]} kinds
 * @param {Chosen} chosen
 * @returns {Promise<MediaStreamTrack[] | DOMException>}
 */
async function askExactly(kinds, chosen) {
  const wish = (/** @type {string | null} */ id) => (id === null ? {} : { deviceId: { exact: id } });
  const video = kinds.includes("camera") && { ...PICTURE, ...wish(chosen.camera) };
  const audio = kinds.includes("microphone") && { ...VOICE, ...wish(chosen.microphone) };
  try {
    return (await navigator.mediaDevices.getUserMedia({ video, audio })).getTracks();
  } catch (error) {
    return /** @type {DOMException} */ (error);
  }
}

/** @param {Kind[]} kinds Those of them that this machine has at all. */
async function presentOf(kinds) {
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => null);
  if (!devices) return kinds;
  const has = (/** @type {MediaDeviceKind} */ kind) => devices.some((device) => device.kind === kind);
  return kinds.filter((kind) => has(kind === "camera" ? "videoinput" : "audioinput"));
}

/**
 * Tells when the person allows a device after all, in the browser's own settings.
 * @param {Kind} kind
 * @param {AbortSignal} signal
 * @param {() => void} allowed
 */
export async function onAllowed(kind, signal, allowed) {
  const permission = await permissionOf(kind);
  permission?.addEventListener("change", () => permission.state === "granted" && allowed(), { signal });
}

/**
 * @param {Kind} kind
 * @returns {Promise<PermissionStatus | null>} Null: the browser does not tell.
 */
async function permissionOf(kind) {
  try {
    return await navigator.permissions.query({ name: /** @type {PermissionName} */ (/** @type {string} */ (kind)) });
  } catch {
    return null;
  }
}

/**
 * Whether the browser was told no for good, so that it will not ask again by itself.
 * @param {Kind} kind
 */
async function isDenied(kind) {
  return (await permissionOf(kind))?.state === "denied";
}

/**
 * @param {DOMException} error
 * @param {Kind[]} kinds
 */
async function troubleOf(error, kinds) {
  const named = kinds.map(async (kind) => [kind, troubleName(error, await isDenied(kind))]);
  return /** @type {Partial<Record<Kind, Trouble>>} */ (Object.fromEntries(await Promise.all(named)));
}

/**
 * @param {Kind[]} kinds
 * @param {Trouble} trouble
 */
function all(kinds, trouble) {
  return /** @type {Partial<Record<Kind, Trouble>>} */ (Object.fromEntries(kinds.map((kind) => [kind, trouble])));
}

/**
 * @param {MediaStreamTrack[]} tracks
 * @param {Partial<Record<Kind, Trouble>>} troubles
 * @returns {Opened}
 */
function opened(tracks, troubles) {
  const stream = new MediaStream(tracks);
  const camera = tracks.find((track) => track.kind === "video") ?? null;
  const microphone = tracks.find((track) => track.kind === "audio") ?? null;
  if (camera) camera.contentHint = "motion";
  if (microphone) microphone.contentHint = "speech";
  return { stream, camera, microphone, troubles };
}
