// The time marker that native nodes draw into their test picture (crates/media/src/marker.rs), for
// pages: read out of a video, drawn into a canvas. A classic script, since it is injected into pages.

(() => {
  const MAGIC = 0xa7;
  const CALIBRATION = 4;
  const CELLS = CALIBRATION + 96;
  const ORIGIN = 16;
  const MIN_SEPARATION = 60;

  /** Where the cells are in a picture of this size; null: no marker fits. */
  function layoutOf(width, height) {
    const preferred = height <= 360 ? 24 : 16;
    for (const [cell, columns] of [[preferred, 20], [preferred, 10], [16, 20], [16, 10]]) {
      const outer = { width: (columns + 2) * cell, height: (CELLS / columns + 2) * cell };
      if (ORIGIN + outer.width <= width && ORIGIN + outer.height <= height) return { cell, columns, outer };
    }
    return null;
  }

  /** Top left pixel of a cell, from the marker's own corner. */
  function at(layout, index) {
    const [column, row] = [index % layout.columns, Math.floor(index / layout.columns)];
    return [(column + 1) * layout.cell, (row + 1) * layout.cell];
  }

  /** CRC-16/CCITT-FALSE. */
  function crc16(bytes) {
    let crc = 0xffff;
    for (const byte of bytes) {
      crc ^= byte << 8;
      for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
    }
    return crc;
  }

  function toBytes({ session, frame, timestamp_ms }) {
    const bytes = new Uint8Array(12);
    const view = new DataView(bytes.buffer);
    const number = frame & 0xffffff;
    view.setUint32(2, number ^ (number >>> 1));
    bytes[0] = MAGIC;
    view.setUint16(1, session);
    view.setUint32(6, timestamp_ms >>> 0);
    view.setUint16(10, crc16(bytes.subarray(0, 10)));
    return bytes;
  }

  /** The stamp, or null: some cell was read wrongly. */
  function fromBytes(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    if (crc16(bytes.subarray(0, 10)) !== view.getUint16(10) || bytes[0] !== MAGIC) return null;
    let frame = view.getUint32(2) & 0xffffff;
    for (const shift of [1, 2, 4, 8, 16]) frame ^= frame >>> shift;
    return { session: view.getUint16(1), frame, timestamp_ms: view.getUint32(6) };
  }

  /** Draws a stamp into a canvas of this size. */
  function draw(context, width, height, stamp) {
    const layout = layoutOf(width, height);
    const bytes = toBytes({ ...stamp, timestamp_ms: stamp.timestamp_ms % 2 ** 32 });
    context.fillStyle = "white";
    context.fillRect(ORIGIN, ORIGIN, layout.outer.width, layout.outer.height);
    context.fillStyle = "black";
    for (let index = 0; index < CELLS; index++) {
      const bit = index - CALIBRATION;
      const white = bit < 0 ? index % 2 === 1 : (bytes[bit >> 3] >> (7 - (bit & 7))) & 1;
      const [x, y] = at(layout, index);
      if (!white) context.fillRect(ORIGIN + x, ORIGIN + y, layout.cell, layout.cell);
    }
  }

  /** Mean brightness of a cell's middle, in an RGBA picture of the marker alone. */
  function mean(pixels, layout, index) {
    const [left, top] = at(layout, index);
    const [margin, side] = [layout.cell / 4, layout.cell / 2];
    let sum = 0;
    for (let y = top + margin; y < top + margin + side; y++) {
      for (let x = left + margin; x < left + margin + side; x++) sum += pixels[(y * layout.outer.width + x) * 4 + 1];
    }
    return sum / (side * side);
  }

  /** Reads the RGBA pixels of the marker's area; null: no marker that can be read. */
  function readPixels(pixels, layout) {
    const [black1, white1, black2, white2] = [0, 1, 2, 3].map((index) => mean(pixels, layout, index));
    if (Math.min(white1, white2) < Math.max(black1, black2) + MIN_SEPARATION) return null;
    const threshold = (black1 + white1 + black2 + white2) / 4;
    const bytes = new Uint8Array(12);
    for (let bit = 0; bit < 96; bit++) {
      if (mean(pixels, layout, CALIBRATION + bit) > threshold) bytes[bit >> 3] |= 1 << (7 - (bit & 7));
    }
    return fromBytes(bytes);
  }

  let scratch = null;

  /** Reads what a video shows now; `width` and `height` are those of the sender's picture, which may come scaled. */
  function read(video, width, height) {
    const layout = layoutOf(width, height);
    scratch ??= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const { canvas } = scratch;
    if (canvas.width !== layout.outer.width || canvas.height !== layout.outer.height) {
      [canvas.width, canvas.height] = [layout.outer.width, layout.outer.height];
    }
    const [scale_x, scale_y] = [video.videoWidth / width, video.videoHeight / height];
    const source = [ORIGIN * scale_x, ORIGIN * scale_y, canvas.width * scale_x, canvas.height * scale_y];
    scratch.drawImage(video, ...source, 0, 0, canvas.width, canvas.height);
    return readPixels(scratch.getImageData(0, 0, canvas.width, canvas.height).data, layout);
  }

  /** Ages of the next `count` pictures of a video as they are presented, in ms, and how many had no readable marker. */
  function ages(video, width, height, count) {
    return new Promise((resolve) => {
      const result = { ages_ms: [], sessions: [], unreadable: 0 };
      const look = () => {
        const now_ms = performance.timeOrigin + performance.now();
        const stamp = read(video, width, height);
        if (stamp) {
          result.ages_ms.push(((now_ms - stamp.timestamp_ms) % 2 ** 32 + 2 ** 32) % 2 ** 32);
          if (!result.sessions.includes(stamp.session)) result.sessions.push(stamp.session);
        } else {
          result.unreadable += 1;
        }
        if (result.ages_ms.length + result.unreadable < count) video.requestVideoFrameCallback(look);
        else resolve(result);
      };
      video.requestVideoFrameCallback(look);
    });
  }

  globalThis.tongkeMarker = { layoutOf, crc16, toBytes, fromBytes, draw, read, readPixels, ages };
})();
