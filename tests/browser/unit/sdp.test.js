import assert from "node:assert/strict";
import { test } from "node:test";
import { pictureCodecs, soundCodecs } from "../../../crates/web/assets/link/codecs.js";
import { answerAfterRestart, restartFragment, withContent } from "../../../crates/web/assets/link/sdp.js";
import { encodings } from "../../../crates/web/assets/link/whip.js";

function sdp(...lines) {
  return lines.map((line) => `${line}\r\n`).join("");
}

const OFFER = sdp(
  "v=0",
  "a=group:BUNDLE 0 1",
  "m=video 9 UDP/TLS/RTP/SAVPF 109",
  "a=ice-ufrag:new1",
  "a=ice-pwd:new-password-of-22-chars",
  "a=mid:0",
  "m=video 0 UDP/TLS/RTP/SAVPF 109",
  "a=bundle-only",
  "a=mid:1",
);

test("the courseware's section says what it is, and only that", () => {
  const lines = withContent(OFFER, "1", "slides").split("\r\n");
  assert.equal(lines[lines.indexOf("a=mid:1") + 1], "a=content:slides");
  assert.equal(lines.filter((line) => line.startsWith("a=content")).length, 1);
});

test("a restart's fragment has the bundle, its first section and the new credentials", () => {
  assert.equal(
    restartFragment(OFFER),
    sdp(
      "a=group:BUNDLE 0 1",
      "m=video 9 UDP/TLS/RTP/SAVPF 109",
      "a=mid:0",
      "a=ice-ufrag:new1",
      "a=ice-pwd:new-password-of-22-chars",
    ),
  );
});

const ANSWER = sdp(
  "v=0",
  "m=video 5004 UDP/TLS/RTP/SAVPF 109",
  "a=candidate:1 1 udp 1 192.0.2.1 5004 typ host",
  "a=ice-ufrag:old",
  "a=ice-pwd:old-password",
  "a=fingerprint:sha-256 AA",
  "a=mid:0",
  "m=video 5004 UDP/TLS/RTP/SAVPF 109",
  "a=candidate:1 1 udp 1 192.0.2.1 5004 typ host",
  "a=ice-ufrag:old",
  "a=ice-pwd:old-password",
  "a=mid:1",
);

test("the answer after a restart has the relay's new credentials and candidates, and the rest as it was", () => {
  const fragment = sdp(
    "a=ice-lite",
    "m=video 9 UDP/TLS/RTP/SAVPF 109",
    "a=mid:0",
    "a=ice-ufrag:relay2",
    "a=ice-pwd:relay2-password",
    "a=candidate:1 1 udp 1 192.0.2.9 5004 typ host",
    "a=end-of-candidates",
  );
  const answer = answerAfterRestart(ANSWER, fragment);
  assert.ok(!answer.includes("old") && !answer.includes("192.0.2.1 "));
  assert.equal(answer.match(/a=ice-ufrag:relay2\r\n/g).length, 2);
  assert.equal(answer.match(/a=candidate:.*192\.0\.2\.9/g).length, 1);
  assert.ok(answer.indexOf("192.0.2.9") < answer.lastIndexOf("m=video"), "the bundle's candidates stand in its first section");
  assert.ok(answer.includes("a=fingerprint:sha-256 AA") && answer.endsWith("a=mid:1\r\n"));
});

test("a fragment without credentials restarts nothing", () => {
  assert.equal(answerAfterRestart(ANSWER, sdp("a=ice-lite")), null);
  assert.equal(answerAfterRestart(ANSWER, ""), null);
});

test("pictures are H.264 constrained baseline first, then other H.264, then VP8, repair last", () => {
  const h264 = (profile, mode) => ({
    mimeType: "video/H264",
    clockRate: 90_000,
    sdpFmtpLine: `level-asymmetry-allowed=1;packetization-mode=${mode};profile-level-id=${profile}`,
  });
  const offered = ["VP8", "rtx", "VP9", "red", "ulpfec", "AV1"].map((name) => ({ mimeType: `video/${name}`, clockRate: 90_000 }));
  const chosen = pictureCodecs([...offered, h264("64001f", 1), h264("42e01f", 0), h264("42e01f", 1)]);
  assert.deepEqual(
    chosen.map(({ mimeType, sdpFmtpLine }) => `${mimeType} ${sdpFmtpLine?.slice(-8) ?? ""}`.trim()),
    ["video/H264 d=42e01f", "video/H264 d=64001f", "video/VP8", "video/rtx"],
  );
});

test("a browser without H.264 offers VP8", () => {
  const chosen = pictureCodecs([{ mimeType: "video/VP8", clockRate: 90_000 }]);
  assert.deepEqual(chosen.map(({ mimeType }) => mimeType), ["video/VP8"]);
});

test("sound is Opus with redundancy first, and nothing else", () => {
  const offered = [["opus", 48_000], ["red", 48_000], ["G722", 8000], ["red", 8000], ["CN", 8000]];
  const chosen = soundCodecs(offered.map(([name, clockRate]) => ({ mimeType: `audio/${name}`, clockRate })));
  assert.deepEqual(chosen.map(({ mimeType }) => mimeType), ["audio/red", "audio/opus"]);
});

test("a camera is sent in three sizes, a small one in two", () => {
  assert.deepEqual(
    encodings(1280).map(({ rid, maxBitrate }) => [rid, maxBitrate]),
    [["h", 1_800_000], ["m", 500_000], ["l", 150_000]],
  );
  assert.deepEqual(
    encodings(640).map(({ rid, scaleResolutionDownBy }) => [rid, scaleResolutionDownBy]),
    [["h", 1], ["m", 2]],
  );
});
