// Courseware: the screen or a window, sent sharp rather than smooth.

/** What letters need: few frames, all pixels. */
const CONSTRAINTS = {
  video: { frameRate: { ideal: 10, max: 15 }, width: { max: 1920 }, height: { max: 1080 } },
  audio: false,
  // The page itself as courseware would show the class in the class.
  selfBrowserSurface: "exclude",
  surfaceSwitching: "include",
};

/**
 * Asks the teacher what to share. null: she chose nothing, or the browser does not let her.
 * @returns {Promise<{ track: MediaStreamTrack } | { refused: "cancelled" | "impossible" }>}
 */
export async function chooseCourseware() {
  if (!navigator.mediaDevices?.getDisplayMedia) return { refused: "impossible" };
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia(CONSTRAINTS);
    const [track] = stream.getVideoTracks();
    if (!track) return { refused: "impossible" };
    track.contentHint = "detail";
    return { track };
  } catch (error) {
    const is_cancelled = error instanceof DOMException && error.name === "NotAllowedError";
    return { refused: is_cancelled ? "cancelled" : "impossible" };
  }
}
