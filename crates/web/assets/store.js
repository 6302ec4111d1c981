// What a page keeps on this machine: per window in the session storage, per room in the local
// storage. A storage that is full or forbidden loses nothing but the memory.

/** @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">} Shelf */
/** @typedef {{ window: Shelf, room: Shelf }} Storages */

/** @typedef {{ camera: string | null, microphone: string | null, speaker: string | null }} Devices device ids */

const PREFIX = "tongke:";
/** Devices belong to the machine, whatever the lesson. */
const DEVICES_KEY = "tongke-devices";
/** Rooms whose grant expired so long ago are forgotten, in s. */
const FORGET_AFTER_S = 7 * 86_400;

/** @returns {Storages} */
function browserStorages() {
  return { window: shelf(() => sessionStorage), room: shelf(() => localStorage) };
}

/**
 * A storage, or one in memory where the browser forbids it.
 * @param {() => Storage} open
 * @returns {Shelf}
 */
function shelf(open) {
  try {
    return open();
  } catch {
    return memory();
  }
}

/** @returns {Shelf} a storage that lasts as long as the page */
export function memory() {
  /** @type {Map<string, string>} */
  const kept = new Map();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
    key: (index) => [...kept.keys()][index] ?? null,
    get length() {
      return kept.size;
    },
  };
}

/** What is kept for one participant of one lesson. */
export class Store {
  #key;
  #storages;

  /**
   * @param {string} lesson
   * @param {string} participant
   * @param {Storages} [storages]
   */
  constructor(lesson, participant, storages = browserStorages()) {
    this.#key = `${PREFIX}${lesson}:${participant}`;
    this.#storages = storages;
  }

  /** The token, as it came with the link. @returns {string | null} */
  get grant() {
    return this.#read("room", "grant");
  }

  /** @param {string | null} token */
  set grant(token) {
    this.#write("room", "grant", token);
  }

  /** Whether this room is in the lesson: it pressed start, and did not leave on purpose. */
  get started() {
    return this.#read("room", "started") === "yes";
  }

  /** @param {boolean} started */
  set started(started) {
    this.#write("room", "started", started ? "yes" : null);
  }

  /** What this window shows: its own choice, else the room's last. @returns {string | null} */
  get screen() {
    return this.#read("window", "screen") ?? this.#read("room", "screen");
  }

  /** @param {string | null} screen */
  set screen(screen) {
    this.#write("window", "screen", screen);
    this.#write("room", "screen", screen);
  }

  /** The chosen devices of this machine. @returns {Devices} */
  get devices() {
    const none = { camera: null, microphone: null, speaker: null };
    try {
      return { ...none, ...JSON.parse(this.#storages.room.getItem(DEVICES_KEY) ?? "{}") };
    } catch {
      return none;
    }
  }

  /** @param {Partial<Devices>} devices those that are not told stay */
  set devices(devices) {
    set(this.#storages.room, DEVICES_KEY, JSON.stringify({ ...this.devices, ...devices }));
  }

  /**
   * @param {keyof Storages} where
   * @param {string} name
   */
  #read(where, name) {
    return this.#storages[where].getItem(`${this.#key}:${name}`);
  }

  /**
   * @param {keyof Storages} where
   * @param {string} name
   * @param {string | null} value
   */
  #write(where, name, value) {
    set(this.#storages[where], `${this.#key}:${name}`, value);
  }
}

/**
 * @param {Shelf} shelf
 * @param {string} key
 * @param {string | null} value
 */
function set(shelf, key, value) {
  try {
    if (value === null) shelf.removeItem(key);
    else shelf.setItem(key, value);
  } catch {
    // Full: the page works without memory.
  }
}

/**
 * The participants of a lesson whose grants are kept in this room.
 * @param {string} lesson
 * @param {Storages} [storages]
 * @returns {string[]}
 */
export function keptParticipants(lesson, storages = browserStorages()) {
  const prefix = `${PREFIX}${lesson}:`;
  return keysOf(storages.room)
    .filter((key) => key.startsWith(prefix) && key.endsWith(":grant"))
    .map((key) => key.slice(prefix.length, -":grant".length));
}

/**
 * Forgets rooms whose grant expired long ago.
 * @param {number} now_unix_s
 * @param {(token: string) => { exp: number } | null} readClaims
 * @param {Storages} [storages]
 */
export function forgetOld(now_unix_s, readClaims, storages = browserStorages()) {
  for (const key of keysOf(storages.room).filter((key) => key.startsWith(PREFIX) && key.endsWith(":grant"))) {
    const claims = readClaims(storages.room.getItem(key) ?? "");
    if (claims && claims.exp + FORGET_AFTER_S > now_unix_s) continue;
    const room = key.slice(0, -"grant".length);
    for (const of of keysOf(storages.room).filter((other) => other.startsWith(room))) {
      storages.room.removeItem(of);
    }
  }
}

/** @param {Shelf} shelf */
function keysOf(shelf) {
  return Array.from({ length: shelf.length }, (_, index) => shelf.key(index) ?? "");
}
