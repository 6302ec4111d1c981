// Screens on a classroom wall must not go dark in the middle of a lesson.

/**
 * Keeps the screen on as long as the page is seen.
 * @returns {() => void} lets it go dark again
 */
export function keepAwake() {
  /** @type {WakeLockSentinel | null} */
  let lock = null;
  const ask = () => {
    if (document.hidden || !("wakeLock" in navigator)) return;
    // Refused when the battery is low: then the screen goes its own way.
    navigator.wakeLock.request("screen").then((held) => (lock = held), () => {});
  };
  document.addEventListener("visibilitychange", ask);
  ask();
  return () => {
    document.removeEventListener("visibilitychange", ask);
    void lock?.release();
  };
}
