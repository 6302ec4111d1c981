// Debian's Firefox ESR, over WebDriver BiDi.

import { networkInterfaces } from "node:os";
import puppeteer from "puppeteer-core";
import { inpage } from "./chromium.js";

const FIREFOX = "/usr/bin/firefox-esr";

/** A browser with a made-up camera and microphone that are given without a question. */
export function launchFirefox() {
  return puppeteer.launch({
    browser: "firefox",
    executablePath: FIREFOX,
    headless: true,
    acceptInsecureCerts: true,
    extraPrefsFirefox: {
      "media.navigator.streams.fake": true,
      "media.navigator.permission.disabled": true,
      "intl.accept_languages": "zh-CN",
      // It asks its maker's servers for nothing during a test.
      "app.update.auto": false,
      "media.gmp-manager.updateEnabled": false,
    },
  });
}

/** An address of this machine that is not loopback, over which alone Firefox sends media. */
export function ownAddress() {
  const all = Object.values(networkInterfaces()).flat();
  const own = all.find(({ family, internal }) => family === "IPv4" && !internal);
  if (!own) throw new Error("Firefox needs a network interface besides loopback, and this machine has none");
  return own.address;
}

/** A page with what the tests need to see of its connections. */
export async function firefoxPage(browser) {
  const page = await browser.newPage();
  for (const script of ["marker", "peers"]) await page.evaluateOnNewDocument(inpage(script));
  return page;
}

/** Whether this Firefox offers H.264: it has it once its maker's plug-in was fetched. */
export function offersH264(page) {
  return page.evaluate(async () => {
    const peer = new RTCPeerConnection();
    peer.addTransceiver("video");
    const { sdp } = await peer.createOffer();
    peer.close();
    return /a=rtpmap:\d+ H264\//i.test(sdp);
  });
}
