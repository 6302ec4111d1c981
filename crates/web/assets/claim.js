// Which window of a room is its own, the one that sends and is heard. In one browser a lock tells; from
// another machine the relay does.

export class Claim {
  #name;
  /** @type {(() => void) | null} */
  #release = null;
  #onLost;

  /**
   * @param {string} lesson
   * @param {string} participant
   * @param {() => void} onLost another window took over
   */
  constructor(lesson, participant, onLost) {
    this.#name = `tongke:${lesson}:${participant}:publish`;
    this.#onLost = onLost;
  }

  /**
   * Takes the room's place, if no other window of this browser has it.
   * @param {{ by_force: boolean }} how by force: whoever has it loses it
   * @returns {Promise<boolean>}
   */
  take({ by_force }) {
    // Where there are no locks the page is not on HTTPS, and has no camera to send from either.
    if (this.#release || !navigator.locks) return Promise.resolve(true);
    return new Promise((resolve) => {
      const options = by_force ? { steal: true } : { ifAvailable: true };
      navigator.locks
        .request(this.#name, options, (lock) => {
          resolve(lock !== null);
          return lock && new Promise((/** @type {(value?: void) => void} */ done) => (this.#release = done));
        })
        // A lock that was stolen rejects.
        .catch(() => {
          this.#release = null;
          resolve(false);
          this.#onLost();
        });
    });
  }

  release() {
    this.#release?.();
    this.#release = null;
  }
}
