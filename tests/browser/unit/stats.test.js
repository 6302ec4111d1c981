import assert from "node:assert/strict";
import { test } from "node:test";
import { between, readReport } from "../../../crates/web/assets/room/stats.js";

function report(...stats) {
  return new Map(stats.map((stat) => [stat.id, stat]));
}

test("a report becomes plain samples: slot, encoding, microphone and way", () => {
  const sample = readReport(
    report(
      { id: "T", type: "transport", selectedCandidatePairId: "P", srtpCipher: "AEAD_AES_128_GCM", dtlsState: "connected" },
      { id: "P", type: "candidate-pair", remoteCandidateId: "R", currentRoundTripTime: 0.062, availableOutgoingBitrate: 2e6 },
      { id: "R", type: "remote-candidate", protocol: "tcp" },
      { id: "C", type: "codec", mimeType: "video/H264" },
      { id: "I", type: "inbound-rtp", kind: "video", mid: "3", codecId: "C", framesDecoded: 12, freezeCount: 1, totalFreezesDuration: 0.5 },
      { id: "A", type: "inbound-rtp", kind: "audio", mid: "6", concealedSamples: 900, silentConcealedSamples: 700 },
      { id: "O", type: "outbound-rtp", kind: "video", mid: "0", rid: "h", remoteId: "RI", qualityLimitationReason: "cpu" },
      { id: "RI", type: "remote-inbound-rtp", fractionLost: 0.03, roundTripTime: 0.06 },
      { id: "M", type: "media-source", kind: "audio", totalAudioEnergy: 0.5, totalSamplesDuration: 4 },
    ),
    1000,
  );
  assert.deepEqual(sample.path, {
    at_ms: 1000, protocol: "tcp", rtt_ms: 62, available_bps: 2e6, srtp_cipher: "AEAD_AES_128_GCM", dtls_state: "connected",
  });
  const [video, audio] = sample.received;
  assert.deepEqual([video.mid, video.codec, video.frames, video.freeze_ms], ["3", "H264", 12, 500]);
  assert.equal(audio.concealed, 200);
  const [sent] = sample.sent;
  assert.deepEqual([sent.rid, sent.limited_by, sent.lost_ratio, sent.rtt_ms], ["h", "cpu", 0.03, 60]);
  assert.deepEqual(sample.microphone, { at_ms: 1000, energy: 0.5, duration_s: 4 });
});

test("a browser that names no transport still has a way: the nominated pair", () => {
  const { path } = readReport(
    report(
      { id: "P", type: "candidate-pair", state: "succeeded", nominated: true, remoteCandidateId: "R" },
      { id: "R", type: "remote-candidate", protocol: "udp" },
    ),
    0,
  );
  assert.equal(path.protocol, "udp");
  assert.equal(path.rtt_ms, null);
});

test("a connection without anything yet has no way and no samples", () => {
  assert.deepEqual(readReport(report(), 5), { at_ms: 5, received: [], sent: [], microphone: null, path: null });
});

test("two samples give rates, and a slot without packets divides by nothing", () => {
  const { received } = readReport(report({ id: "I", type: "inbound-rtp", kind: "video", mid: "0" }), 0);
  const later = { ...received[0], at_ms: 2000, bytes: 250_000, frames: 50, packets: 97, lost: 3, buffer_ms: 100, buffer_n: 50 };
  const { bps, fps, lost_ratio, buffer_ms } = between(received[0], later);
  assert.deepEqual([bps, fps, lost_ratio, buffer_ms], [1_000_000, 25, 0.03, 2]);
  const still = between(later, later);
  assert.deepEqual([still.fps, still.lost_ratio, still.buffer_ms, still.energy_per_s], [0, 0, null, null]);
});
